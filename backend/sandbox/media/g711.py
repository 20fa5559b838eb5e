"""G.711 by tables: one octet is one sample of 8 kHz (ITU-T G.711).

Sound inside the switch is `array("h")`, 16-bit linear, `FRAME` samples to a frame of 20 ms.
"""

from __future__ import annotations

import itertools
from array import array
from functools import cache
from typing import Literal

RATE = 8000
FRAME = 160
"""Samples of one packet: 20 ms, what every telephone sends."""
Law = Literal["PCMU", "PCMA"]

_LOUDEST = 32767
# A sum of eight people at their loudest still finds its octet, so that mixing needs no clipping.
_REACH = 8 * 32768


def silence(samples: int = FRAME) -> array[int]:
    return array("h", bytes(2 * samples))


def decode(law: Law, octets: bytes) -> array[int]:
    """Linear samples of the octets, one each."""
    return array("h", map(_linear(law).__getitem__, octets))


def encode(law: Law, samples: list[int]) -> bytes:
    """Octets of linear samples; a sum beyond 16 bits is the loudest there is."""
    return bytes(map(_octets(law).__getitem__, samples))


def clipped(samples: list[int]) -> array[int]:
    """A sum of voices as 16-bit samples."""
    return array("h", [max(-_LOUDEST, min(_LOUDEST, sample)) for sample in samples])


@cache
def _linear(law: Law) -> list[int]:
    return [_mu_to_linear(n) if law == "PCMU" else _a_to_linear(n) for n in range(256)]


@cache
def _octets(law: Law) -> bytes:
    """By sample; negative ones count from the end, as Python's indexes do."""
    values = sorted((value, octet) for octet, value in enumerate(_linear(law)))
    table = bytearray()
    for (value, octet), (following, _next) in itertools.pairwise(values):
        # Up to the middle between two levels the lower one is nearer.
        table += bytes([octet]) * ((value + following) // 2 + 1 + _REACH - len(table))
    table += bytes([values[-1][1]]) * (2 * _REACH - len(table))
    return bytes(table[_REACH:] + table[:_REACH])


def _mu_to_linear(octet: int) -> int:
    inverted = ~octet & 0xFF
    magnitude = (((inverted & 0x0F) << 3) + 0x84) << ((inverted & 0x70) >> 4)
    return 0x84 - magnitude if inverted & 0x80 else magnitude - 0x84


def _a_to_linear(octet: int) -> int:
    octet ^= 0x55
    segment, mantissa = (octet & 0x70) >> 4, (octet & 0x0F) << 4
    magnitude = mantissa + 8 if segment == 0 else (mantissa + 0x108) << (segment - 1)
    return magnitude if octet & 0x80 else -magnitude
