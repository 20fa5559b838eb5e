"""A telephone made by others: SIP by sipmessage, sound by aiortc. It knows nothing of ours."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame
from sipmessage import (
    URI,
    Address,
    AuthChallenge,
    AuthCredentials,
    AuthParameters,
    CSeq,
    MediaType,
    Message,
    Parameters,
    Request,
    Response,
    Via,
)
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

DEADLINE_S = 10.0
RATE = 8000
FRAME = 160


def _with_keys(sdp: str) -> str:
    """aiortc knows no telephone events: take up the ones that were offered."""
    sdp = re.sub(r"(m=audio [^\r]*)", r"\1 101", sdp)
    return sdp + "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"


class Tone(MediaStreamTrack):
    """A steady tone, as a microphone would bring it."""

    kind = "audio"

    def __init__(self, hz: int) -> None:
        super().__init__()
        self.hz = hz
        self._at = 0
        self._began: float | None = None

    async def recv(self) -> AudioFrame:
        loop = asyncio.get_running_loop()
        self._began = loop.time() if self._began is None else self._began
        await asyncio.sleep(max(0.0, self._began + self._at / RATE - loop.time()))
        samples = (
            int(8000 * math.sin(math.tau * self.hz * (self._at + n) / RATE)) for n in range(FRAME)
        )
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME)
        data = b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples)
        frame.planes[0].update(data)
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._at, Fraction(1, RATE)
        self._at += FRAME
        return frame


class Talk:
    """One call of the telephone, from its INVITE on."""

    def __init__(self, phone: Softphone, invite: Request) -> None:
        self.phone = phone
        self.invite = invite
        self.pc = RTCPeerConnection()
        self.heard: deque[int] = deque(maxlen=RATE // 5)
        """The last 200 ms."""
        self.keys: list[int] = []
        """Telephone events that came to their end, by number."""
        self.ended = asyncio.Event()
        self._tag = secrets.token_hex(4)
        self._sequence = 1
        self._listening: asyncio.Task[None] | None = None

        @self.pc.on("track")
        def on_track(track: MediaStreamTrack) -> None:
            self._listening = asyncio.create_task(self._listen(track))

    def header(self, name: str) -> str | None:
        return self.invite.headers.get(name)

    def ring(self) -> None:
        self.phone.send(self._response(180))

    def refuse(self, code: int) -> None:
        self.phone.send(self._response(code))

    async def answer(self, hz: int) -> None:
        """Pick up and speak in a tone; back when the sound is connected."""
        self.pc.addTrack(Tone(hz))
        await self.pc.setRemoteDescription(
            RTCSessionDescription(self.invite.body.decode(), "offer")
        )
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        response = self._response(200)
        response.body = _with_keys(self.pc.localDescription.sdp).encode()
        response.content_type = MediaType("application/sdp")
        self.phone.send(response)
        await self.connected()

    async def connected(self) -> None:
        self._watch_keys()
        async with asyncio.timeout(DEADLINE_S):
            while self.pc.connectionState != "connected":  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def _watch_keys(self) -> None:
        """aiortc drops telephone events: look at its packets before it does."""
        transport = self.pc.getTransceivers()[0].receiver.transport
        handle, stamps = transport._handle_rtp_data, set[bytes]()

        async def looked_at(data: bytes, arrival_time_ms: int) -> None:
            if data[1] & 0x7F == 101 and data[13] & 0x80 and data[4:8] not in stamps:
                stamps.add(data[4:8])
                self.keys.append(data[12])
            await handle(data, arrival_time_ms)

        transport._handle_rtp_data = looked_at  # type: ignore[method-assign]

    async def hold(self, *, on: bool) -> Response:
        """A new offer with another direction: the answer to it."""
        direction = "sendonly" if on else "sendrecv"
        body = _with_keys(self.pc.localDescription.sdp)
        body = body.replace("a=setup:active", "a=setup:actpass")
        body = body.replace("a=sendrecv", f"a={direction}")
        return await self.phone.ask(self._request("INVITE", body.encode(), "application/sdp"))

    async def keys_by_info(self, key: str) -> Response:
        body = f"Signal={key}\r\nDuration=160\r\n".encode()
        return await self.phone.ask(self._request("INFO", body, "application/dtmf-relay"))

    async def keys_by_event(self, event: int) -> None:
        """RFC 4733 as browsers send it: some packets, the last three with the end mark."""
        transport = self.pc.getSenders()[0].transport
        for n in range(6):
            end = 0x80 if n >= 3 else 0
            head = bytes([0x80, 101, 0, n]) + (5000).to_bytes(4, "big") + b"\0\0\1\1"
            payload = bytes([event, 10 | end]) + (160 * (n + 1)).to_bytes(2, "big")
            await transport._send_rtp(head + payload)

    async def hang_up(self) -> Response:
        answer = await self.phone.ask(self._request("BYE", b"", ""))
        await self.close()
        return answer

    async def close(self) -> None:
        await self.pc.close()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    def power(self, hz: int) -> float:
        """How much of what it hears is one tone: 0 to 1."""
        total = sum(sample * sample for sample in self.heard)
        if not total or len(self.heard) < RATE // 5:
            return 0.0
        real = sum(s * math.cos(math.tau * hz * n / RATE) for n, s in enumerate(self.heard))
        imaginary = sum(s * math.sin(math.tau * hz * n / RATE) for n, s in enumerate(self.heard))
        return 2 * (real * real + imaginary * imaginary) / (len(self.heard) * total)

    async def hears(self, hz: int) -> None:
        """Wait until most of what it hears is that tone."""
        await self._until(lambda: self.power(hz) > 0.8, f"a tone of {hz} Hz")

    async def hears_nothing(self) -> None:
        await self._until(
            lambda: len(self.heard) == RATE // 5 and max(map(abs, self.heard)) < 50, "silence"
        )

    async def _until(self, condition: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not condition():  # noqa: ASYNC110  # sound has no event to wait for
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"{what} was never heard") from None

    async def _listen(self, track: MediaStreamTrack) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, AudioFrame)
            assert frame.sample_rate == RATE
            self.heard.extend(memoryview(bytes(frame.planes[0])[: frame.samples * 2]).cast("h"))

    def _response(self, code: int) -> Response:
        response = self.phone.respond(self.invite, code, self._tag)
        response.contact = [Address(self.phone.contact)]
        return response

    def _request(self, method: str, body: bytes, content_type: str) -> Request:
        self._sequence += 1
        request = self.phone.request(method, self.invite.contact[0].uri, self._sequence, body)
        to = self.invite.to_address
        tag = to.parameters.get("tag") or self._tag
        request.from_address = Address(to.uri, parameters=Parameters(tag=tag))
        request.to_address = self.invite.from_address
        request.call_id = self.invite.call_id
        if method == "INVITE":  # Asterisk answers 400 to one without
            request.contact = [Address(self.phone.contact)]
        if content_type:
            request.headers.set("Content-Type", content_type)
        return request


class Softphone:
    """`invites` brings one `Talk` for each INVITE."""

    def __init__(self, socket: ClientConnection, username: str, password: str) -> None:
        self.contact = URI(
            "sip",
            f"{secrets.token_hex(6)}.invalid",
            user=secrets.token_hex(4),
            parameters=Parameters(transport="ws"),
        )
        self.invites: asyncio.Queue[Talk] = asyncio.Queue()
        self.talks: dict[str, Talk] = {}
        self.received: list[Request] = []
        """Every request, in order."""
        self.answers_probes = True
        self._socket = socket
        self._username, self._password = username, password
        self._aor = Address(URI("sip", "127.0.0.1", user=username))
        self._call_id = secrets.token_hex(8)
        self._sequence = 0
        self._waiting: dict[str, asyncio.Future[Response]] = {}
        self._sending: asyncio.Queue[str] = asyncio.Queue()

    async def register(self, expires: int = 300) -> Response:
        """The final answer: the challenge is met with the password."""
        answer = await self.ask(self.registering(expires=expires))
        if answer.code != 401 or answer.www_authenticate is None:
            return answer
        return await self.ask(self.registering(answer.www_authenticate, expires=expires))

    async def call(self, number: str, hz: int) -> tuple[Response, Talk]:
        """Dial; back with the final answer, the sound connected if it is a 200."""
        uri = URI("sip", "127.0.0.1", user=number)
        call_id, from_tag, pc_talk = secrets.token_hex(8), secrets.token_hex(4), None
        credentials: AuthCredentials | None = None
        while True:
            self._sequence += 1
            request = self.request("INVITE", uri, self._sequence)
            request.from_address = Address(self._aor.uri, parameters=Parameters(tag=from_tag))
            request.to_address = Address(uri)
            request.call_id = call_id
            request.contact = [Address(self.contact)]
            request.authorization = credentials
            pc_talk = pc_talk or Talk(self, request)
            if not pc_talk.pc.getSenders():
                pc_talk.pc.addTrack(Tone(hz))
                await pc_talk.pc.setLocalDescription(await pc_talk.pc.createOffer())
            request.body = pc_talk.pc.localDescription.sdp.encode()
            request.content_type = MediaType("application/sdp")
            answer = await self.ask(request)
            if answer.code != 401 or credentials is not None or answer.www_authenticate is None:
                break
            credentials = self._credentials(request, dict(answer.www_authenticate.parameters))
        if answer.code == 200:
            await pc_talk.pc.setRemoteDescription(
                RTCSessionDescription(answer.body.decode(), "answer")
            )
            pc_talk.invite = self._established(request, answer)
            self.talks[call_id] = pc_talk
            self.send(self._acknowledging(request, answer))
            await pc_talk.connected()
        return answer, pc_talk

    def send(self, message: Request | Response) -> None:
        message.content_length = len(message.body)
        self._sending.put_nowait(bytes(message).decode())

    async def ask(self, request: Request) -> Response:
        """The final response to it."""
        branch = request.via[0].parameters["branch"]
        assert branch is not None
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting[branch] = future
        self.send(request)
        return await asyncio.wait_for(future, DEADLINE_S)

    def request(self, method: str, uri: URI, sequence: int, body: bytes = b"") -> Request:
        request = Request(method, uri, body)
        branch = "z9hG4bK" + secrets.token_hex(6)
        request.via = [Via("WS", self.contact.host, parameters=Parameters(branch=branch))]
        request.max_forwards = 70
        request.cseq = CSeq(sequence, method)
        return request

    def respond(self, request: Request, code: int, tag: str) -> Response:
        response = Response(code, "Whatever")
        response.via = request.via
        response.from_address = request.from_address
        to = request.to_address
        response.to_address = Address(to.uri, to.name, to.parameters.replace(tag=tag))
        response.call_id, response.cseq = request.call_id, request.cseq
        return response

    def _established(self, request: Request, answer: Response) -> Request:
        """The dialog of a call we made, seen as if the other side had made it."""
        dialog = Request("INVITE", request.uri)
        dialog.from_address, dialog.to_address = answer.to_address, answer.from_address
        dialog.call_id, dialog.contact = answer.call_id, answer.contact
        return dialog

    def _acknowledging(self, request: Request, answer: Response) -> Request:
        ack = self.request("ACK", answer.contact[0].uri, request.cseq.sequence)
        ack.from_address, ack.to_address = answer.from_address, answer.to_address
        ack.call_id = answer.call_id
        return ack

    def registering(self, challenge: AuthChallenge | None = None, *, expires: int = 300) -> Request:
        """A REGISTER, with the answer to a challenge if there was one."""
        self._sequence += 1
        request = self.request("REGISTER", URI("sip", "127.0.0.1"), self._sequence)
        request.from_address = Address(self._aor.uri, parameters=Parameters(tag="softphone"))
        request.to_address = self._aor
        request.call_id = self._call_id
        request.contact = [Address(self.contact, parameters=Parameters(expires=str(expires)))]
        if challenge is not None:
            request.authorization = self._credentials(request, dict(challenge.parameters))
        return request

    def _credentials(self, request: Request, challenge: dict[str, str]) -> AuthCredentials:
        def md5(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        first = md5(f"{self._username}:{challenge['realm']}:{self._password}")
        second = md5(f"{request.method}:{request.uri}")
        return AuthCredentials(
            "Digest",
            AuthParameters(
                username=self._username,
                realm=challenge["realm"],
                nonce=challenge["nonce"],
                uri=str(request.uri),
                algorithm="MD5",
                qop="auth",
                nc="00000001",
                cnonce="c0ffee",
                response=md5(f"{first}:{challenge['nonce']}:00000001:c0ffee:auth:{second}"),
            ),
        )

    async def run(self) -> None:
        sender = asyncio.create_task(self._send())
        try:
            async for text in self._socket:
                if text.strip():  # an empty one asks whether we are there (RFC 5626 §3.5.1)
                    self._got(Message.parse(text.encode() if isinstance(text, str) else text))
        except ConnectionClosed:
            pass
        finally:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _send(self) -> None:
        while True:
            await self._socket.send(await self._sending.get())

    def _got(self, message: Request | Response) -> None:
        if isinstance(message, Response):
            waiting = self._waiting.get(message.via[0].parameters["branch"] or "")
            if waiting is not None and message.code >= 200 and not waiting.done():
                waiting.set_result(message)
            return
        self.received.append(message)
        match message.method:
            case "OPTIONS" if self.answers_probes:
                self.send(self.respond(message, 200, "softphone"))
            case "INVITE":
                talk = Talk(self, message)
                self.talks[message.call_id] = talk
                self.invites.put_nowait(talk)
            case "BYE" | "CANCEL":
                self.send(self.respond(message, 200, "softphone"))
                talk = self.talks[message.call_id]
                if message.method == "CANCEL":
                    talk.refuse(487)
                talk.ended.set()


@asynccontextmanager
async def softphone(port: int, username: str, password: str) -> AsyncIterator[Softphone]:
    """A telephone on its socket; everything of it is closed in the end."""
    async with connect(
        f"ws://127.0.0.1:{port}/ws", subprotocols=[Subprotocol("sip")], proxy=None
    ) as socket:
        phone = Softphone(socket, username, password)
        running = asyncio.create_task(phone.run())
        try:
            yield phone
        finally:
            for talk in phone.talks.values():
                await talk.close()
            await socket.close()
            await asyncio.wait_for(running, DEADLINE_S)
