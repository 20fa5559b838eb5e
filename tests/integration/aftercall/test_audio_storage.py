"""Audio is kept whole, read in parts and deleted, in a folder and in a bucket alike."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, quote

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.errors import NotFound, SettingsError
from backend.services.ports import AudioStorage
from backend.store.audio_disk import DiskAudio
from backend.store.audio_s3 import S3Audio, read_url
from tests.integration.house.single import serving

ACCESS, SECRET, REGION = "AKIATEST", "the-secret-of-the-bucket", "eu-1"
AUDIO = bytes(range(256)) * 800
KEY = "alpha/2026-03/0198c5d2.mp3"


class Bucket:
    """Object storage as S3's documentation has it, as far as we use it: PUT, ranged GET, bulk
    delete, multipart uploads. Signatures (AWS Signature Version 4) are checked by the book."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.types: dict[str, str] = {}
        self.broken = 0
        """How many requests are answered 503."""
        self.app = Starlette(
            routes=[Route("/{path:path}", self.serve, methods=["GET", "PUT", "POST"])]
        )

    async def serve(self, request: Request) -> Response:
        body = await request.body()
        if self.broken:
            self.broken -= 1
            return Response(_error("SlowDown"), 503, media_type="application/xml")
        if not _signed(request, body):
            return Response(_error("SignatureDoesNotMatch"), 403, media_type="application/xml")
        name, query = request.path_params["path"], request.query_params
        if request.method == "POST" and "uploads" in query:
            self.parts[name] = {}
            self.types[name] = request.headers.get("content-type", "")
            upload = f"<UploadId>{name}</UploadId>"
            xml = f"<InitiateMultipartUploadResult>{upload}</InitiateMultipartUploadResult>"
            return Response(xml, media_type="application/xml")
        if request.method == "POST" and "delete" in query:
            found = re.findall(r"<Key>([^<]+)</Key>", body.decode())
            gone = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in found)
            for key in found:
                self.objects.pop(f"{name}/{key}", None)
            xml = f"<DeleteResult>{gone}</DeleteResult>"
            return Response(xml, media_type="application/xml")
        if request.method == "PUT" and "partNumber" in query:
            self.parts[name][int(query["partNumber"])] = body
            return Response(headers={"ETag": '"p"'})
        if request.method == "POST":
            pieces = self.parts.pop(name)
            self.objects[name] = b"".join(pieces[n] for n in sorted(pieces))
            xml = '<CompleteMultipartUploadResult><ETag>"e"</ETag></CompleteMultipartUploadResult>'
            return Response(xml, media_type="application/xml")
        if request.method == "PUT":
            self.objects[name] = body
            self.types[name] = request.headers.get("content-type", "")
            return Response(headers={"ETag": '"e"'})
        if name not in self.objects:
            return Response(_error("NoSuchKey"), 404, media_type="application/xml")
        return _part(self.objects[name], request.headers.get("range", ""))


def _part(content: bytes, asked: str) -> Response:
    headers = {"ETag": '"e"', "Last-Modified": "Mon, 02 Mar 2026 09:00:00 GMT"}
    if not asked:
        return Response(content, headers=headers)
    first, _, last = asked.removeprefix("bytes=").partition("-")
    end = min(int(last), len(content) - 1)
    headers["Content-Range"] = f"bytes {first}-{end}/{len(content)}"
    return Response(content[int(first) : end + 1], 206, headers)


def _error(code: str) -> str:
    return f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"


def _signed(request: Request, body: bytes) -> bool:
    """AWS Signature Version 4, header form: docs.aws.amazon.com, "Create a signed request"."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(",")) if rest else {}
    if scheme != "AWS4-HMAC-SHA256":
        return False
    access, day, region, service, _ = fields["Credential"].split("/")
    names = fields["SignedHeaders"].split(";")
    given = request.headers["x-amz-content-sha256"]
    if given not in (hashlib.sha256(body).hexdigest(), "UNSIGNED-PAYLOAD"):
        return False
    pairs = sorted(parse_qsl(request.url.query, keep_blank_values=True))
    query = "&".join(f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in pairs)
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names)
    path = quote(request.url.path, safe="/-_.~")
    canonical = "\n".join((request.method, path, query, headers, ";".join(names), given))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join((scheme, request.headers["x-amz-date"], scope, digest))
    key = f"AWS4{SECRET}".encode()
    for word in (day, region, service, "aws4_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    wanted = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return (access, region) == (ACCESS, REGION) and hmac.compare_digest(wanted, fields["Signature"])


@pytest.fixture
async def bucket() -> AsyncIterator[tuple[Bucket, str]]:
    made = Bucket()
    async with serving(made.app) as port:
        yield made, f"s3://audio/calls?endpoint=http://127.0.0.1:{port}&region={REGION}"


@pytest.fixture(params=["disk", "s3"])
def storage(
    request: pytest.FixtureRequest, tmp_path: Path, bucket: tuple[Bucket, str]
) -> AudioStorage:
    if request.param == "disk":
        return DiskAudio(tmp_path / "recordings")
    return S3Audio(bucket[1], access_key=ACCESS, secret_key=SECRET)


async def _read(storage: AudioStorage, first: int, length: int) -> bytes:
    return b"".join([chunk async for chunk in storage.read(KEY, first, length)])


def _source(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "source.mp3"
    path.write_bytes(content)
    return path


async def test_what_was_put_is_read_whole_and_in_parts(
    storage: AudioStorage, tmp_path: Path
) -> None:
    await storage.put(KEY, _source(tmp_path, AUDIO), "audio/mpeg")
    assert await _read(storage, 0, len(AUDIO)) == AUDIO
    assert await _read(storage, 1000, 24) == AUDIO[1000:1024]
    assert await _read(storage, len(AUDIO) - 5, 5) == AUDIO[-5:]
    await storage.put(KEY, _source(tmp_path, b"again"), "audio/mpeg")
    assert await _read(storage, 0, 5) == b"again"


async def test_what_is_gone_is_gone(storage: AudioStorage, tmp_path: Path) -> None:
    await storage.put(KEY, _source(tmp_path, AUDIO), "audio/mpeg")
    for _ in range(2):
        await storage.delete(KEY)
    with pytest.raises(NotFound):
        await _read(storage, 0, 1)


async def test_a_bucket_is_signed_for_told_the_type_and_asked_again(
    bucket: tuple[Bucket, str], tmp_path: Path
) -> None:
    made, url = bucket
    made.broken = 1
    storage = S3Audio(url, access_key=ACCESS, secret_key=SECRET)
    await storage.put(KEY, _source(tmp_path, AUDIO), "audio/mpeg")
    assert made.objects == {f"audio/calls/{KEY}": AUDIO}
    assert made.types == {f"audio/calls/{KEY}": "audio/mpeg"}
    stranger = S3Audio(url, access_key=ACCESS, secret_key="another")
    with pytest.raises(Exception, match=r"SignatureDoesNotMatch|403"):
        await stranger.put(KEY, _source(tmp_path, b"x"), "audio/mpeg")
    assert made.objects == {f"audio/calls/{KEY}": AUDIO}


async def test_an_hour_of_talk_goes_in_pieces(bucket: tuple[Bucket, str], tmp_path: Path) -> None:
    made, url = bucket
    storage = S3Audio(url, access_key=ACCESS, secret_key=SECRET)
    hour = bytes(12_000_000)
    await storage.put(KEY, _source(tmp_path, hour), "audio/mpeg")
    assert made.objects[f"audio/calls/{KEY}"] == hour


def test_no_key_leads_out_of_the_folder(tmp_path: Path) -> None:
    storage = DiskAudio(tmp_path / "recordings")
    with pytest.raises(NotFound):
        asyncio.run(storage.delete("../../etc/passwd"))


@pytest.mark.parametrize(
    "url", ["s3://", "https://bucket", "s3://bucket?endpont=x", "s3://bucket?endpoint=host"]
)
def test_an_address_that_cannot_be_meant_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(SettingsError, match="s3://bucket"):
        read_url(url)
