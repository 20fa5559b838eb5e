"""Commands on calls between the process that has the session and the one that owns the calls."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import msgspec
import structlog

from backend.errors import (
    AppError,
    BadRequest,
    Expired,
    NoDevice,
    NotAllowed,
    NotFound,
    SwitchUnavailable,
    TooMany,
    WrongState,
)
from backend.services.ports import Bus
from protocol import commands
from protocol.commands import AnyCommand
from protocol.frames import Command
from protocol.vocabulary import AccountId, EmployeeId, ErrorCode

log = structlog.get_logger(__name__)

Handle = Callable[[AccountId, EmployeeId, AnyCommand], Awaitable[object | None]]

_ERRORS: dict[ErrorCode, type[AppError]] = {
    error.code: error
    for error in (
        BadRequest,
        Expired,
        NoDevice,
        NotAllowed,
        NotFound,
        SwitchUnavailable,
        TooMany,
        WrongState,
    )
}


class Request(msgspec.Struct, frozen=True, kw_only=True):
    employee_id: EmployeeId
    command: msgspec.Raw
    ttl_ms: int
    """The command's own deadline, for readers of the bus; the command carries it too."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    ok: bool
    result: msgspec.Raw = msgspec.Raw()
    """Empty when there is none."""
    code: ErrorCode | None = None
    message: str = ""
    data: dict[str, Any] = {}


_request = msgspec.json.Decoder(Request)
_answer = msgspec.json.Decoder(Answer)
_encode = msgspec.json.encode


def serve_name(account_id: AccountId) -> str:
    return f"calls:{account_id}"


def serve(bus: Bus, account_id: AccountId, handle: Handle) -> AbstractAsyncContextManager[None]:
    """Answer the account's commands while inside. Every failure is an answer, never silence."""

    async def run(payload: bytes) -> object | None:
        request = _request.decode(payload)
        command = commands.decode(bytes(request.command))
        return await handle(account_id, request.employee_id, command)

    return bus.serve(serve_name(account_id), answering(account_id, run))


def answering(
    account_id: AccountId, run: Callable[[bytes], Awaitable[object | None]]
) -> Callable[[bytes], Awaitable[bytes]]:
    """`run` with its result, or what it raised, as an `Answer`."""

    async def answer(payload: bytes) -> bytes:
        try:
            result = await run(payload)
        except AppError as error:
            refusal = Answer(ok=False, code=error.code, message=str(error), data=error.data)
            return _encode(refusal)
        except msgspec.MsgspecError as error:
            return _encode(Answer(ok=False, code=ErrorCode.BAD_REQUEST, message=str(error)))
        except asyncio.CancelledError:
            raise
        except Exception:
            log.exception("command broke", account=account_id)
            return _encode(Answer(ok=False, code=ErrorCode.INTERNAL, message="internal"))
        if result is None:
            return _encode(Answer(ok=True))
        return _encode(Answer(ok=True, result=msgspec.Raw(_encode(result))))

    return answer


def result_of(payload: bytes) -> bytes | None:
    """The result in an `Answer`. Raises what the owner raised."""
    answer = _answer.decode(payload)
    if answer.ok:
        return bytes(answer.result) or None
    error = _ERRORS.get(answer.code or ErrorCode.INTERNAL, AppError)
    raise error(answer.message, **answer.data)


class CallsClient:
    """The web side. Raises the same AppErrors as the owner; Expired when nobody answers."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def run(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        command: Command,
        *,
        timeout_s: float,
    ) -> bytes | None:
        """As sockets ask (`realtime.services.CommandRunner`)."""
        return await self._send(account_id, employee_id, command, timeout_s)

    async def send(
        self, account_id: AccountId, employee_id: EmployeeId, command: AnyCommand
    ) -> msgspec.Raw | None:
        """The reply's result as JSON, or None when there is none."""
        result = await self._send(account_id, employee_id, command, command.ttl_ms / 1000)
        return None if result is None else msgspec.Raw(result)

    async def _send(
        self, account_id: AccountId, employee_id: EmployeeId, command: Command, timeout_s: float
    ) -> bytes | None:
        request = Request(
            employee_id=employee_id,
            command=msgspec.Raw(_encode(command)),
            ttl_ms=command.ttl_ms,
        )
        payload = await self._bus.ask(serve_name(account_id), _encode(request), timeout_s=timeout_s)
        return result_of(payload)
