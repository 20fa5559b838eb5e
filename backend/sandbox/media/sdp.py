"""Session descriptions of one call: a single audio stream over ICE and DTLS-SRTP (RFC 8829)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from aioice import Candidate

if TYPE_CHECKING:
    from backend.sandbox.media.g711 import Law

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
Setup = Literal["actpass", "active", "passive"]

STATIC: Final[dict[int, Law]] = {0: "PCMU", 8: "PCMA"}
KEYS_TYPE: Final = 101
_SEEN_FROM_THERE: Final[dict[str, Direction]] = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


class SdpError(Exception):
    """The description offers nothing this switch can talk through."""


@dataclass(frozen=True, kw_only=True)
class Description:
    """What one end says of itself."""

    user: str
    password: str
    fingerprint: str
    setup: Setup
    codecs: tuple[tuple[int, Law], ...]
    """Payload types in the order wished for."""
    keys_type: int | None = None
    """Payload type of telephone events."""
    direction: Direction = "sendrecv"
    candidates: tuple[Candidate, ...] = ()
    mid: str = "0"
    rejected: tuple[str, ...] = field(default=())
    """Kinds of the other streams it offers, in order after the audio."""

    @property
    def held(self) -> bool:
        """Whether this end has put the other on hold: it does not want to hear."""
        return self.direction in ("sendonly", "inactive")

    def answering(self, wanted: Direction = "sendrecv") -> Direction:
        """The direction we may answer with when we would have it `wanted`."""
        allowed = _SEEN_FROM_THERE[self.direction]
        return allowed if wanted == "sendrecv" else wanted


def parse(body: bytes) -> Description:
    """Raises SdpError when there is no audio stream of G.711 over DTLS-SRTP in it."""
    session: dict[str, list[str]] = {}
    streams: list[tuple[str, dict[str, list[str]]]] = []
    for line in body.decode("utf-8", "replace").splitlines():
        kind, equals, value = line.strip().partition("=")
        if not equals:
            continue
        if kind == "m":
            streams.append((value, {}))
        elif kind == "a":
            name, _, rest = value.partition(":")
            into = streams[-1][1] if streams else session
            into.setdefault(name, []).append(rest)
    if not streams or not streams[0][0].startswith("audio "):
        raise SdpError("the first stream is no audio")
    words = streams[0][0].split()
    attributes = {**session, **streams[0][1]}
    if len(words) < 4 or "SAVP" not in words[2] or words[1] == "0":
        raise SdpError("the audio is not over DTLS-SRTP")
    algorithm, _, fingerprint = _one(attributes, "fingerprint").partition(" ")
    if algorithm.lower() != "sha-256":
        raise SdpError(f"no fingerprint of SHA-256 but of {algorithm}")
    codecs, keys_type = _codecs([int(word) for word in words[3:] if word.isdigit()], attributes)
    setup = next((known for known in _SETUPS if known == _one(attributes, "setup")), None)
    if setup is None:
        raise SdpError("who begins the handshake is not said")
    return Description(
        user=_one(attributes, "ice-ufrag"),
        password=_one(attributes, "ice-pwd"),
        fingerprint=fingerprint,
        setup=setup,
        codecs=codecs,
        keys_type=keys_type,
        direction=next((d for d in _DIRECTIONS if d in attributes), "sendrecv"),
        candidates=tuple(_candidates(attributes.get("candidate", []))),
        mid=attributes.get("mid", ["0"])[0],
        rejected=tuple(words.split()[0] for words, _attributes in streams[1:]),
    )


_SETUPS: Final[tuple[Setup, ...]] = ("actpass", "active", "passive")
_DIRECTIONS: Final[tuple[Direction, ...]] = ("sendrecv", "sendonly", "recvonly", "inactive")


def write(description: Description, *, version: int, ssrc: int) -> bytes:
    """The description as SDP. `version` grows with each that differs from the one before."""
    host, port = "0.0.0.0", 9
    if description.candidates:
        host, port = description.candidates[0].host, description.candidates[0].port
    types = [str(number) for number, _law in description.codecs]
    keys = description.keys_type
    if keys is not None:
        types.append(str(keys))
    lines = [
        "v=0",
        f"o=- {ssrc} {version} IN IP4 {host}",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {description.mid}",
        f"m=audio {port} UDP/TLS/RTP/SAVPF {' '.join(types)}",
        f"c=IN IP4 {host}",
        f"a=mid:{description.mid}",
        "a=rtcp-mux",
        f"a=ice-ufrag:{description.user}",
        f"a=ice-pwd:{description.password}",
        f"a=fingerprint:sha-256 {description.fingerprint}",
        f"a=setup:{description.setup}",
        *(f"a=rtpmap:{number} {law}/8000" for number, law in description.codecs),
        *([f"a=rtpmap:{keys} telephone-event/8000", f"a=fmtp:{keys} 0-15"] if keys else []),
        "a=ptime:20",
        f"a=ssrc:{ssrc} cname:switch",
        f"a=msid:switch voice-{ssrc}",
        *(f"a=candidate:{candidate.to_sdp()}" for candidate in description.candidates),
        "a=end-of-candidates",
        f"a={description.direction}",
        *(f"m={kind} 0 UDP/TLS/RTP/SAVPF 0" for kind in description.rejected),
    ]
    return ("\r\n".join(lines) + "\r\n").encode()


def _one(attributes: dict[str, list[str]], name: str) -> str:
    found = attributes.get(name)
    if not found:
        raise SdpError(f"no {name}")
    return found[0]


def _codecs(
    types: list[int], attributes: dict[str, list[str]]
) -> tuple[tuple[tuple[int, Law], ...], int | None]:
    names = {
        int(number): name.upper()
        for number, _, name in (entry.partition(" ") for entry in attributes.get("rtpmap", []))
        if number.isdigit()
    }
    codecs: list[tuple[int, Law]] = []
    keys_type: int | None = None
    for number in types:
        name = names.get(number, f"{STATIC[number]}/8000" if number in STATIC else "")
        if name.startswith("PCMU/8000"):
            codecs.append((number, "PCMU"))
        elif name.startswith("PCMA/8000"):
            codecs.append((number, "PCMA"))
        elif name == "TELEPHONE-EVENT/8000":
            keys_type = number
    if not codecs:
        raise SdpError("no G.711 among the codecs")
    return tuple(codecs), keys_type


def _candidates(entries: list[str]) -> list[Candidate]:
    """Those over UDP that have an address. One hidden behind a `.local` name (RFC 8828) finds us
    by itself, and we learn its address from its first check."""
    found = []
    for entry in entries:
        try:
            candidate = Candidate.from_sdp(entry)
        except (ValueError, IndexError):
            continue
        if candidate.transport.lower() == "udp" and not candidate.host.endswith(".local"):
            found.append(candidate)
    return found
