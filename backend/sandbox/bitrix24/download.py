"""How the portal fetches a recording by its address, inside the request that names it."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import httpx

from backend.sandbox.bitrix24.errors import core
from backend.sandbox.bitrix24.outgoing import reachable

_TIMEOUT_S = 20.0
_MAX_REDIRECTS = 5
_MAX_BYTES = 100 * 1024 * 1024
_NAME = re.compile(r"filename\*?=(?:UTF-8'')?\"?([^\";]+)")


async def download(url: str) -> tuple[str, bytes]:
    """The file's name as the server or the address gives it, and its content.

    Raises ERROR_CORE with the vendor's texts (reference 3.4). Certificates are not checked, as on
    the vendor's side.
    """
    # The sandbox fetches from the product under test, whose certificate is a throw-away one.
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, verify=False) as client:  # noqa: S501
        for _ in range(_MAX_REDIRECTS):
            try:
                answer = await _get(client, url)
            except (httpx.HTTPError, httpx.InvalidURL):
                raise core("SERVER_NOT_AVAILABLE") from None
            if not answer.is_redirect:
                break
            url = str(httpx.URL(url).join(answer.headers["location"]))
    if answer.status_code != 200:
        raise core(f"Server returns HTTP error code {answer.status_code}")
    given = _NAME.search(answer.headers.get("content-disposition", ""))
    name = given.group(1) if given else urlsplit(url).path.rsplit("/", 1)[-1]
    return unquote(name), answer.content


async def _get(client: httpx.AsyncClient, url: str) -> httpx.Response:
    target, headers = reachable(url)
    request = client.build_request("GET", target, headers=headers)
    answer = await client.send(request, stream=True)
    try:
        content = bytearray()
        async for part in answer.aiter_bytes():
            content += part
            if len(content) > _MAX_BYTES:
                raise httpx.DecodingError("the file is too large", request=request)
    finally:
        await answer.aclose()
    return httpx.Response(
        answer.status_code, headers=_plain(answer.headers), content=bytes(content), request=request
    )


def _plain(headers: httpx.Headers) -> list[tuple[str, str]]:
    """Headers without those that spoke of the bytes on the wire."""
    gone = {"content-encoding", "transfer-encoding", "content-length"}
    return [(key, value) for key, value in headers.items() if key not in gone]
