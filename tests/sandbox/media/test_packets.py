"""RTP, its reports, keys pressed, and session descriptions: what is not sound."""

from __future__ import annotations

import struct

import pytest

from backend.sandbox.media import rtp, sdp
from backend.sandbox.sip.calls import laws

_OFFER = """v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=fingerprint:sha-256 AA:BB
m=audio 50000 UDP/TLS/RTP/SAVPF 111 0 8 126
c=IN IP4 192.0.2.1
a=rtpmap:111 opus/48000/2
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:126 telephone-event/8000
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=setup:actpass
a=mid:0
a=candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host
a=candidate:2 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active
a=candidate:3 1 udp 2122260223 4f1c.local 50001 typ host
a=sendrecv
m=video 9 UDP/TLS/RTP/SAVPF 96
"""


def test_a_packet_survives_its_way() -> None:
    packet = rtp.Packet(8, 65535, 4_000_000_000, 7, b"sound", marker=True)
    assert rtp.parse(bytes(packet)) == packet
    assert rtp.parse(b"") is None
    assert rtp.parse(b"\x00" * 20) is None


def test_extensions_and_padding_are_left_out() -> None:
    plain = bytes(rtp.Packet(0, 1, 160, 9, b"sound"))
    extended = bytes([0x90]) + plain[1:12] + b"\xbe\xde\0\x01\x10\xff\0\0" + plain[12:]
    padded = bytes([0xA0]) + plain[1:] + b"\0\0\x03"
    for data in (extended, padded):
        packet = rtp.parse(data)
        assert packet is not None
        assert packet.payload == b"sound"
    # Claims more than there is.
    assert rtp.parse(bytes([0xA0]) + plain[1:] + b"\xff") is None
    assert rtp.parse(bytes([0x90]) + plain[1:12] + b"\0\0\xff\xff") is None


def test_keys_are_told_by_number_and_end() -> None:
    assert rtp.key(rtp.key_payload("#", 800, end=True)) == ("#", True)
    assert rtp.key(rtp.key_payload("0", 160, end=False)) == ("0", False)
    assert rtp.key(b"\x10\x00\x00\x00") is None  # a flash is no key
    assert rtp.key(b"") is None


def test_a_report_counts_what_was_lost_and_how_long_it_took() -> None:
    reception = rtp.Reception(7, 65534)
    for n, sequence in enumerate((65534, 65535, 1, 2)):  # 0 is missing
        reception.packet(rtp.Packet(0, sequence, 160 * n, 7, b""), now=100 + 0.02 * n)
    report = bytes([0x80, 200, 0, 6]) + struct.pack("!III", 7, 0xAABBCCDD, 0x11223344) + b"\0" * 8
    reception.sender_report(report, now=101.0)
    ssrc, lost, highest, jitter, last, delay = struct.unpack("!6I", reception.block(now=101.5))
    assert (ssrc, lost >> 24, lost & 0xFFFFFF) == (7, 256 // 5, 1)
    assert highest == 65536 + 2
    assert jitter < 160
    assert (last, delay) == (0xCCDD1122, 65536 // 2)
    compound = rtp.sender_report(9, 1_700_000_000.5, 160, 4, 640, reception.block(102.0), "switch")
    assert rtp.is_control(compound)
    assert len(compound) % 4 == 0
    assert (compound[0] & 0x1F, compound[1]) == (1, 200)
    assert not rtp.is_control(bytes(rtp.Packet(8, 1, 1, 1, b"", marker=True)))


def test_an_offer_is_understood_and_answered() -> None:
    offered = sdp.parse(_OFFER.replace("\n", "\r\n").encode())
    assert offered.codecs == ((0, "PCMU"), (8, "PCMA"))
    assert (offered.keys_type, offered.setup, offered.fingerprint) == (126, "actpass", "AA:BB")
    # Over UDP and with an address: what hides behind a name finds us by itself.
    assert [candidate.host for candidate in offered.candidates] == ["192.0.2.1"]
    assert offered.rejected == ("video",)
    written = sdp.write(offered, version=1, ssrc=5).decode()
    assert "m=video 0 " in written
    assert sdp.parse(written.encode()).codecs == offered.codecs


@pytest.mark.parametrize(
    ("direction", "answer", "held"),
    [
        ("sendrecv", "sendrecv", False),
        ("sendonly", "recvonly", True),
        ("inactive", "inactive", True),
        ("recvonly", "sendonly", False),
    ],
)
def test_directions_are_answered_as_seen_from_here(direction: str, answer: str, held: bool) -> None:
    offered = sdp.parse(_OFFER.replace("a=sendrecv", f"a={direction}").encode())
    assert (offered.answering(), offered.held) == (answer, held)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("m=audio", "m=video"),
        ("UDP/TLS/RTP/SAVPF 111 0 8", "RTP/AVP 111 0 8"),
        ("111 0 8 126", "111"),
        ("a=setup:actpass", "a=setup:perhaps"),
        ("a=ice-ufrag:abcd\n", ""),
        ("sha-256", "md5"),
        ("m=audio 50000", "m=audio 0"),
    ],
)
def test_what_cannot_be_talked_through_is_refused(old: str, new: str) -> None:
    with pytest.raises(sdp.SdpError):
        sdp.parse(_OFFER.replace(old, new).encode())


def test_the_codecs_of_an_endpoint() -> None:
    assert laws("!all,alaw,ulaw,g722") == ("PCMA", "PCMU")
    assert laws("all") == ("PCMU", "PCMA")
    assert laws("!all,opus") == ()
