"""SIP messages of this switch, and the socket each browser speaks them over."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING, Final

from sipmessage import URI, Address, CSeq, Message, Parameters, Request, Response, Via

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)

USER_AGENT: Final = "Asterisk PBX 22.10.1 (sandbox)"
ALLOW: Final = "OPTIONS, REGISTER, INVITE, ACK, BYE, CANCEL, UPDATE, INFO"
_PHRASES: Final[dict[int, str]] = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    415: "Unsupported Media Type",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
}
# A browser that reads nothing any more is cut off; the figure is ours.
_QUEUE: Final = 500


def tag() -> str:
    return secrets.token_hex(8)


def branch() -> str:
    """RFC 3261, section 8.1.1.7: the cookie says the branch names one transaction."""
    return "z9hG4bK" + secrets.token_hex(8)


def respond(request: Request, code: int, *, to_tag: str = "", body: bytes = b"") -> Response:
    """A response to a request, with what has to be copied (RFC 3261, section 8.2.6)."""
    response = Response(code, _PHRASES.get(code, "Unknown"), body)
    for name in ("Via", "Record-Route"):
        if values := request.headers.getlist(name):
            response.headers.setlist(name, list(values))
    for name in ("From", "Call-ID", "CSeq"):
        response.headers.set(name, request.headers[name])
    to = request.to_address
    if to_tag and "tag" not in to.parameters:
        to = Address(to.uri, to.name, to.parameters.replace(tag=to_tag))
    response.headers.set("To", str(to))
    response.headers.set("Server", USER_AGENT)
    return response


def finished(message: Request | Response, content_type: str = "") -> Request | Response:
    if message.body and content_type:
        message.headers.set("Content-Type", content_type)
    message.headers.set("Content-Length", str(len(message.body)))
    return message


def contact(host: str) -> Address:
    return Address(URI("sip", host, user="asterisk", parameters=Parameters(transport="ws")))


def request_to(
    method: str, uri: URI, host: str, *, sequence: int, call_id: str, ours: Address, theirs: Address
) -> Request:
    """A request with its own transaction, from `ours` to `theirs`."""
    request = Request(method, uri)
    request.via = [Via("WS", host, parameters=Parameters(branch=branch()))]
    request.max_forwards = 70
    request.headers.set("From", str(ours))
    request.headers.set("To", str(theirs))
    request.call_id = call_id
    request.cseq = CSeq(sequence, method)
    request.headers.set("User-Agent", USER_AGENT)
    return request


class SipSocket:
    """One browser's connection. Sending never waits; what was asked is matched by its branch."""

    def __init__(self, host: str) -> None:
        self.host = host
        """How the browser reached us: the host part of our own addresses."""
        self.outgoing: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE)
        """Drained by whoever owns the WebSocket; None means: close."""
        self.closed = False
        self.on_close: list[Callable[[], None]] = []
        self._waiting: dict[tuple[str, str], Callable[[Response], None]] = {}
        """By branch and method: a CANCEL shares its branch with what it cancels."""

    def send(self, message: Request | Response, content_type: str = "") -> None:
        if not self.closed:
            self.put(bytes(finished(message, content_type)))

    def put(self, data: bytes) -> None:
        if self.closed:
            return
        if self.outgoing.qsize() >= _QUEUE - 1:
            self.close()
            return
        self.outgoing.put_nowait(data)

    def ask(
        self, request: Request, answered: Callable[[Response], None], content_type: str = ""
    ) -> None:
        """Send a request; `answered` gets every response until a final one."""
        if request.method != "ACK":
            self._waiting[_transaction(request)] = answered
        self.send(request, content_type)

    def response(self, response: Response) -> None:
        """A response from the browser. One nobody waits for is dropped."""
        name = _transaction(response)
        waiting = self._waiting.get(name)
        if waiting is None:
            return
        # A 200 to an INVITE may come again until it is acknowledged: its asker stays.
        if response.code >= 200 and name[1] != "INVITE":
            del self._waiting[name]
        waiting(response)

    def forget(self, request: Request) -> None:
        """Nothing more is expected of a transaction."""
        self._waiting.pop(_transaction(request), None)

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._waiting.clear()
        self.outgoing.put_nowait(None)
        for hook in tuple(self.on_close):
            hook()


def parse(data: bytes) -> Request | Response | None:
    """None for what is no SIP message; all its mandatory headers are there otherwise."""
    try:
        message = Message.parse(data)
        _ = (message.via[0], message.cseq, message.call_id)
        _ = (message.from_address, message.to_address)
    except (ValueError, KeyError, IndexError):
        _log.info("a browser sent what is no SIP message")
        return None
    return message


def _transaction(message: Request | Response) -> tuple[str, str]:
    return message.via[0].parameters.get("branch") or "", message.cseq.method
