"""Audio in a bucket of Amazon S3 or of anything that speaks its protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import S3Store

from backend.errors import NotFound, SettingsError

if TYPE_CHECKING:
    from obstore.store import S3Config

_KNOWN: Final = {"endpoint", "region", "style"}


class S3Audio:
    """`services.ports.AudioStorage` in one bucket."""

    def __init__(self, url: str, *, access_key: str = "", secret_key: str = "") -> None:
        """`s3://bucket/prefix?endpoint=https://…&region=…`. Without keys those of the machine's
        role are used. `style=host` puts the bucket into the host name. Raises SettingsError."""
        bucket, prefix, options = read_url(url)
        endpoint = options.get("endpoint", "")
        config: S3Config = {"region": options.get("region", "us-east-1")}
        if endpoint:
            config["endpoint"] = endpoint
        if access_key:
            config |= {"access_key_id": access_key, "secret_access_key": secret_key}
        if options.get("style") == "host":
            config["virtual_hosted_style_request"] = True
        self._store = S3Store(
            bucket,
            prefix=prefix or None,
            config=config,
            client_options={"allow_http": endpoint.startswith("http://")},
            # The job behind a file tries again for days; here only a moment's trouble is bridged.
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
        )

    async def put(self, key: str, source: Path, content_type: str) -> None:
        """The service shows an object only once all of it arrived."""
        await obstore.put_async(self._store, key, source, attributes={"Content-Type": content_type})

    async def read(self, key: str, first: int, length: int) -> AsyncIterator[bytes]:
        try:
            found = await obstore.get_async(
                self._store, key, options={"range": (first, first + length)}
            )
        except (NotFoundError, FileNotFoundError):
            raise NotFound("the audio is gone") from None
        async for chunk in found.stream():
            yield bytes(chunk)

    async def delete(self, key: str) -> None:
        try:
            await obstore.delete_async(self._store, key)
        except (NotFoundError, FileNotFoundError):
            return


def read_url(url: str) -> tuple[str, str, dict[str, str]]:
    """Bucket, prefix and options. Raises SettingsError with what to write instead."""
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    example = "s3://bucket?endpoint=https://storage.example&region=eu-1"
    if parts.scheme != "s3" or not parts.netloc or set(options) - _KNOWN:
        raise SettingsError(f"DOZVON_RECORDINGS_URL must look like {example}")
    if not options.get("endpoint", "https://").startswith(("http://", "https://")):
        raise SettingsError(f"the endpoint in DOZVON_RECORDINGS_URL has no scheme: {example}")
    return parts.netloc, parts.path.strip("/"), options
