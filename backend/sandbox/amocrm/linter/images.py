"""Pictures: which there are, how large, of what format, standing still."""

from __future__ import annotations

import struct
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from backend.sandbox.amocrm.linter.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backend.sandbox.amocrm.linter.finding import Package

# Reference, section 2.1.
LOGOS = {
    "logo": (130, 100),
    "logo_main": (400, 272),
    "logo_medium": (240, 84),
    "logo_min": (84, 84),
    "logo_small": (108, 108),
}
PIPELINE_LOGO = ("logo_dp", (174, 109))
TOUR_SIZE = (1188, 616)
MAX_BYTES = 300 * 1024
_SUFFIXES = (".png", ".jpeg", ".jpg", ".gif")
_PNG = b"\x89PNG\r\n\x1a\n"


def check(package: Package) -> Iterator[Finding]:
    wanted = dict(LOGOS)
    if "digital_pipeline" in package.locations:
        wanted[PIPELINE_LOGO[0]] = PIPELINE_LOGO[1]
    for name, size in wanted.items():
        path = next(
            (f"images/{name}{s}" for s in _SUFFIXES if f"images/{name}{s}" in package.files), None
        )
        if path is None:
            yield Finding("image.missing", f"images/{name}.png", f"{size[0]}×{size[1]} is wanted")
        else:
            yield from _size(package, path, size)
    for path in dict.fromkeys(package.tour_images()):
        if path in package.files:
            yield from _size(package, path, TOUR_SIZE)
        else:
            yield Finding("image.missing", path, "the tour shows it")
    for path, raw in package.files.items():
        if not path.startswith("images/"):
            continue
        if PurePosixPath(path).suffix.lower() not in _SUFFIXES or size_of(raw) is None:
            yield Finding("image.format", path, "png, jpeg, jpg or gif")
        if len(raw) > MAX_BYTES:
            yield Finding("image.heavy", path, f"{len(raw)} bytes; {MAX_BYTES} are allowed")
        if _moves(raw):
            yield Finding("image.animated", path, "must not be animated")


def _size(package: Package, path: str, wanted: tuple[int, int]) -> Iterator[Finding]:
    found = size_of(package.files[path])
    if found is not None and found != wanted:
        text = f"{found[0]}×{found[1]} instead of {wanted[0]}×{wanted[1]}"
        yield Finding("image.size", path, text)


def size_of(raw: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG, GIF or JPEG; None for anything else."""
    if raw.startswith(_PNG) and len(raw) >= 24:
        width, height = struct.unpack(">II", raw[16:24])
        return int(width), int(height)
    if raw[:6] in (b"GIF87a", b"GIF89a") and len(raw) >= 10:
        width, height = struct.unpack("<HH", raw[6:10])
        return int(width), int(height)
    return _jpeg(raw) if raw.startswith(b"\xff\xd8") else None


def _jpeg(raw: bytes) -> tuple[int, int] | None:
    """The frame header (ITU-T T.81, B.2.2) says the size; segments before it are skipped."""
    at = 2
    while at + 9 < len(raw) and raw[at] == 0xFF:
        marker, length = raw[at + 1], int.from_bytes(raw[at + 2 : at + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", raw[at + 5 : at + 9])
            return int(width), int(height)
        at += 2 + length
    return None


def _moves(raw: bytes) -> bool:
    """An animated PNG has a control chunk before its data, an animated GIF several frames."""
    if raw.startswith(_PNG):
        return b"acTL" in raw.partition(b"IDAT")[0]
    return raw[:3] == b"GIF" and raw.count(b"\x21\xf9\x04") > 1
