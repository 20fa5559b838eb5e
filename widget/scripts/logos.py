"""Draws the pictures of the amoCRM package in their exact sizes: `python widget/scripts/logos.py`.

The mark is a dot with two rings going out, like a call. Written with the standard library alone,
so that the same bytes come out everywhere.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

IMAGES = Path(__file__).parents[1] / "amocrm" / "images"
SIZES = {
    "logo": (130, 100),
    "logo_main": (400, 272),
    "logo_medium": (240, 84),
    "logo_min": (84, 84),
    "logo_small": (108, 108),
    "tour_1": (1188, 616),
}
"""Pixels, as amoCRM's package rules ask for them."""
TEAL = (15, 118, 110)
WHITE = (255, 255, 255)


def coverage(distance: float) -> float:
    """How much of the mark covers a point, 0 to 1, `distance` in mark radii from its middle."""
    edge = 0.02
    dot = (0.24 - distance) / edge
    inner = (0.07 - abs(distance - 0.52)) / edge
    outer = (0.07 - abs(distance - 0.88)) / edge
    return max(0.0, min(1.0, max(dot, inner, outer)))


def picture(width: int, height: int) -> bytes:
    radius = min(width, height) * 0.36
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            distance = math.hypot(x + 0.5 - width / 2, y + 0.5 - height / 2) / radius
            part = coverage(distance)
            rows += bytes(
                round(back + (front - back) * part) for back, front in zip(TEAL, WHITE, strict=True)
            )
    return png(width, height, bytes(rows))


def png(width: int, height: int, rows: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(rows, 9)),
            chunk(b"IEND", b""),
        )
    )


if __name__ == "__main__":
    for name, (width, height) in SIZES.items():
        (IMAGES / f"{name}.png").write_bytes(picture(width, height))
