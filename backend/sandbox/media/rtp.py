"""RTP, its control packets and keys pressed (RFC 3550, RFC 4733): as much as a telephone needs."""

from __future__ import annotations

import struct
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
"""Telephone events 0 to 15 in their order (RFC 4733, section 3.2)."""
# Seconds between 1900 and 1970: NTP time counts from the former.
_NTP_EPOCH = 2_208_988_800


@dataclass(frozen=True)
class Packet:
    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def __bytes__(self) -> bytes:
        second = self.payload_type | (0x80 if self.marker else 0)
        head = struct.pack("!BBHII", 0x80, second, self.sequence, self.timestamp, self.ssrc)
        return head + self.payload


def parse(data: bytes) -> Packet | None:
    """One packet, or None for what is none. Header extensions and padding are left out."""
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", data)
    start = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    end = len(data) - (data[-1] if first & 0x20 else 0)
    if end < start:
        return None
    return Packet(second & 0x7F, sequence, timestamp, ssrc, data[start:end], bool(second & 0x80))


def is_control(data: bytes) -> bool:
    """Whether a packet on a common port is RTCP (RFC 5761, section 4)."""
    return len(data) > 1 and 192 <= data[1] <= 223


def key(payload: bytes) -> tuple[str, bool] | None:
    """The key of a telephone event and whether it was let go; None for other events."""
    if len(payload) < 4 or payload[0] >= len(KEYS):
        return None
    return KEYS[payload[0]], bool(payload[1] & 0x80)


def key_payload(pressed: str, duration: int, *, end: bool) -> bytes:
    """`duration` counts samples since the key went down; the volume is -10 dBm0."""
    return struct.pack("!BBH", KEYS.index(pressed), 10 | (0x80 if end else 0), duration)


class Reception:
    """What a receiver report says of one source (RFC 3550, section 6.4 and appendix A)."""

    def __init__(self, ssrc: int, first: int) -> None:
        self.ssrc = ssrc
        self.received = 0
        self._first = first
        self._highest = first
        self._told = (0, 0)
        self._transit: int | None = None
        self._jitter = 0.0
        self._last_report = 0
        self._last_report_at = 0.0

    def packet(self, packet: Packet, now: float) -> None:
        self.received += 1
        ahead = (packet.sequence - self._highest) & 0xFFFF
        if ahead < 0x8000:
            self._highest += ahead
        transit = int(now * 8000) - packet.timestamp
        if self._transit is not None:
            moved = abs(transit - self._transit)
            if moved < 80_000:  # a new talk spurt may begin anywhere
                self._jitter += (moved - self._jitter) / 16
        self._transit = transit

    def sender_report(self, data: bytes, now: float) -> None:
        """Remember when the source said what time it is: the round trip is told by it."""
        if len(data) >= 20 and data[1] == 200:
            self._last_report = int.from_bytes(data[10:14])
            self._last_report_at = now

    def block(self, now: float) -> bytes:
        expected = self._highest - self._first + 1
        lost = max(0, expected - self.received)
        expected_now, received_now = expected - self._told[0], self.received - self._told[1]
        self._told = (expected, self.received)
        missing = max(0, expected_now - received_now)
        fraction = min(255, 256 * missing // expected_now) if expected_now > 0 else 0
        delay = int((now - self._last_report_at) * 65536) if self._last_report else 0
        return struct.pack(
            "!IIIIII",
            self.ssrc,
            fraction << 24 | min(lost, 0x7FFFFF),
            self._highest & 0xFFFFFFFF,
            int(self._jitter),
            self._last_report,
            delay & 0xFFFFFFFF,
        )


def sender_report(
    ssrc: int, wall: float, timestamp: int, packets: int, octets: int, heard: bytes, name: str
) -> bytes:
    """A sender's report with a receiver's blocks, and its name: one compound packet.

    `wall` is seconds since 1970, `heard` is `Reception.block` or nothing.
    """
    seconds = int(wall)
    report = struct.pack(
        "!BBHIIIIII",
        0x80 | len(heard) // 24,
        200,
        6 + len(heard) // 4,
        ssrc,
        (seconds + _NTP_EPOCH) & 0xFFFFFFFF,
        int((wall - seconds) * 2**32),
        timestamp & 0xFFFFFFFF,
        packets,
        octets & 0xFFFFFFFF,
    )
    item = bytes([1, len(name)]) + name.encode()
    item += bytes(4 - len(item) % 4)
    said = struct.pack("!BBHI", 0x81, 202, 1 + len(item) // 4, ssrc) + item
    return report + heard + said
