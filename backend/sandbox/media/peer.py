"""One browser's sound: RTP of a single audio stream, and the descriptions both ends agree by.

It either offers (`offer`, then `accept` with the answer) or answers (`answer`); then `run` connects
and carries packets until `close`. Sound goes out by `send`, comes in by `take`; both are 20 ms.
"""

from __future__ import annotations

import random
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from backend.sandbox.media import g711, rtp, sdp
from backend.sandbox.media.dtls import identity
from backend.sandbox.media.path import Path

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable

    from backend.sandbox.ari.faults import SoundFault
    from backend.sandbox.media.dtls import Role
    from backend.sandbox.media.g711 import Law
    from backend.sandbox.media.path import Ice

# What is late by more than this is dropped: a telephone prefers a gap to a delay.
_LATEST_FRAMES = 8
# Asked of the queue before it is played after a gap: one frame early is one frame of jitter borne.
_PREFETCH = 2
_REPORT_S = 2.0
_KEY_STEP = 160
_KEY_PACKETS = 5


class AudioPeer:
    """`key_pressed` is called with each key of the other end when it is let go.

    `loses` is asked of each packet, with the way it goes, whether trouble made on purpose takes it.
    """

    def __init__(
        self,
        *,
        codecs: tuple[Law, ...] = ("PCMU", "PCMA"),
        key_pressed: Callable[[str], None],
        loses: Callable[[SoundFault], bool] = lambda _way: False,
    ) -> None:
        self.heard_at: float | None = None
        """Monotonic time of the last packet; None before the first."""
        self.packets_in = 0
        self.packets_out = 0
        self._codecs = codecs
        self._key_pressed = key_pressed
        self._loses = loses
        self._path: Path | None = None
        self._offering = False
        self._local: sdp.Description | None = None
        self._remote: sdp.Description | None = None
        self._version = 0
        self._law: Law = codecs[0]
        self._type = 0
        self._ssrc = random.getrandbits(31) + 1
        self._sequence = random.getrandbits(15)
        self._timestamp = random.getrandbits(31)
        self._queue: deque[tuple[Law, bytes]] = deque()
        self._filling = True
        self._reception: rtp.Reception | None = None
        self._reported_at = 0.0
        self._octets = 0
        self._key_stamp: int | None = None
        """The time stamp of the key that came to its end last."""
        self._pressed_at = 0
        """The time stamp of the key we press now."""
        self._keys: deque[bytes] = deque()
        self._types: dict[int, Law] = {}
        self._marker = True

    # -- describing ---------------------------------------------------------------------------

    async def offer(self) -> bytes:
        self._offering = True
        numbers = {law: number for number, law in sdp.STATIC.items()}
        self._path = Path(controlling=True)
        return self._write(
            replace(
                self._described(await self._path.gather()),
                setup="actpass",
                codecs=tuple((numbers[law], law) for law in self._codecs),
                keys_type=sdp.KEYS_TYPE,
            )
        )

    def accept(self, body: bytes) -> sdp.Description:
        """The answer to our offer. Raises SdpError."""
        answer = sdp.parse(body)
        self._use(answer)
        return answer

    async def answer(self, body: bytes) -> tuple[sdp.Description, bytes]:
        """The other end's offer as understood, and our answer. Raises SdpError."""
        offered = sdp.parse(body)
        common = tuple(codec for codec in offered.codecs if codec[1] in self._codecs)
        if not common:
            raise sdp.SdpError("no common codec")
        self._path = Path(controlling=False)
        ice = await self._path.gather()
        self._use(replace(offered, codecs=common))
        return offered, self._write(
            replace(
                self._described(ice),
                setup="passive" if offered.setup == "active" else "active",
                codecs=common[:1],
                keys_type=offered.keys_type,
                direction=offered.answering(),
                mid=offered.mid,
                rejected=offered.rejected,
            )
        )

    async def renegotiate(self, body: bytes) -> tuple[sdp.Description, bytes]:
        """A later offer of the same call, such as hold, and the answer. The transport stays, unless
        the offer brings other credentials: then the browser's network changed, and a new way is
        found while the old one lasts (RFC 8445, section 9); keys stay in any case."""
        offered = sdp.parse(body)
        if self._local is None or self._remote is None or self._path is None:
            raise sdp.SdpError("nothing was agreed before")
        setup: sdp.Setup = "active" if self._role() == "client" else "passive"
        if offered.user != self._remote.user:
            self._remote = replace(
                self._remote,
                user=offered.user,
                password=offered.password,
                candidates=offered.candidates,
            )
            ice = await self._path.gather()
            self._local = replace(
                self._local,
                user=ice.local_username,
                password=ice.local_password,
                candidates=tuple(ice.local_candidates),
            )
            self._path.restart(self._remote)
        return offered, self._write(
            replace(
                self._local,
                setup=setup,
                codecs=((self._type, self._law),),
                keys_type=offered.keys_type,
                direction=offered.answering(),
                mid=offered.mid,
                rejected=offered.rejected,
            )
        )

    # -- carrying -----------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._path is not None and self._path.connected.is_set()

    async def run(self) -> None:
        """Connect and receive until `close` or the other end's goodbye. Raises nothing."""
        if self._path is not None and self._remote is not None:
            await self._path.run(self._role(), self._remote, self._received)

    async def close(self) -> None:
        if self._path is not None:
            await self._path.close()

    def send(self, samples: list[int]) -> None:
        """One frame to the browser; nothing before it is connected."""
        if not self.connected:
            return
        self._timestamp = (self._timestamp + g711.FRAME) & 0xFFFFFFFF
        if self._keys:
            # A key takes the place of the sound while it is pressed (RFC 4733, section 2.6).
            self._send(bytes(self._key_packet(self._keys.popleft())))
            return
        payload = g711.encode(self._law, samples)
        self._octets += len(payload)
        self._send(bytes(self._packet(self._type, self._timestamp, payload)))
        if time.monotonic() - self._reported_at > _REPORT_S:
            self._report()

    def press(self, digits: str) -> None:
        """Keys for the other end to hear, 100 ms each; what is no key is left out."""
        if self._remote is None or self._remote.keys_type is None:
            return
        for digit in digits.upper():
            if digit not in rtp.KEYS:
                continue
            steps = range(1, _KEY_PACKETS + 1)
            self._keys.extend(rtp.key_payload(digit, n * _KEY_STEP, end=False) for n in steps)
            # Three ends, lest one be lost (RFC 4733, section 2.5.1.4).
            last = rtp.key_payload(digit, _KEY_PACKETS * _KEY_STEP, end=True)
            self._keys.extend([last] * 3)

    def take(self) -> array[int] | None:
        """The next 20 ms from the browser; None when there is nothing in time."""
        if self._filling:
            if len(self._queue) < _PREFETCH:
                return None
            self._filling = False
        while len(self._queue) > _LATEST_FRAMES:
            self._queue.popleft()
        if not self._queue:
            self._filling = True
            return None
        return g711.decode(*self._queue.popleft())

    # -- inside -------------------------------------------------------------------------------

    def _described(self, ice: Ice) -> sdp.Description:
        """This end, apart from what is agreed on."""
        return sdp.Description(
            user=ice.local_username,
            password=ice.local_password,
            fingerprint=identity().fingerprint,
            setup="actpass",
            codecs=(),
            candidates=tuple(ice.local_candidates),
        )

    def _write(self, description: sdp.Description) -> bytes:
        self._local = description
        self._version += 1
        return sdp.write(description, version=self._version, ssrc=self._ssrc)

    def _use(self, remote: sdp.Description) -> None:
        self._remote = remote
        self._type, self._law = remote.codecs[0]
        self._types = dict(remote.codecs) | dict(sdp.STATIC)

    def _role(self) -> Role:
        """Whoever is `active` begins the handshake (RFC 5763, section 5)."""
        assert self._remote is not None  # noqa: S101  # described before it runs
        if self._offering:
            return "client" if self._remote.setup == "passive" else "server"
        return "server" if self._remote.setup == "active" else "client"

    def _received(self, data: bytes, control: bool) -> None:
        now = time.monotonic()
        if control:
            if self._reception is not None:
                self._reception.sender_report(data, now)
            return
        packet = rtp.parse(data)
        if packet is None or self._remote is None or self._loses("voice_in"):
            return
        self.heard_at = now
        self.packets_in += 1
        if self._reception is None or self._reception.ssrc != packet.ssrc:
            self._reception = rtp.Reception(packet.ssrc, packet.sequence)
        self._reception.packet(packet, now)
        if packet.payload_type == self._remote.keys_type:
            self._key(packet)
        elif packet.payload_type in self._types:
            self._sound(self._types[packet.payload_type], packet.payload)

    def _sound(self, law: Law, payload: bytes) -> None:
        for start in range(0, len(payload) - g711.FRAME + 1, g711.FRAME):
            self._queue.append((law, payload[start : start + g711.FRAME]))

    def _key(self, packet: rtp.Packet) -> None:
        """Each event comes many times with one timestamp, and counts once, at its end."""
        found = rtp.key(packet.payload)
        if found is None or packet.timestamp == self._key_stamp:
            return
        pressed, let_go = found
        if let_go:
            self._key_stamp = packet.timestamp
            self._key_pressed(pressed)

    def _packet(self, type_: int, timestamp: int, payload: bytes) -> rtp.Packet:
        self._sequence = (self._sequence + 1) & 0xFFFF
        marker, self._marker = self._marker, False
        return rtp.Packet(type_, self._sequence, timestamp, self._ssrc, payload, marker)

    def _key_packet(self, payload: bytes) -> rtp.Packet:
        """All packets of one key carry the time it went down."""
        duration = int.from_bytes(payload[2:4])
        if duration == _KEY_STEP:
            self._pressed_at, self._marker = self._timestamp, True
        assert self._remote is not None  # noqa: S101  # `press` asked
        return self._packet(self._remote.keys_type or 0, self._pressed_at, payload)

    def _report(self) -> None:
        now = time.monotonic()
        self._reported_at = now
        heard = self._reception.block(now) if self._reception is not None else b""
        packet = rtp.sender_report(
            self._ssrc,
            time.time(),
            self._timestamp,
            self.packets_out,
            self._octets,
            heard,
            "switch",
        )
        self._send(packet, control=True)

    def _send(self, packet: bytes, *, control: bool = False) -> None:
        if self._path is None:
            return
        self.packets_out += not control
        if control or not self._loses("voice_out"):
            self._path.send(packet, control=control)
