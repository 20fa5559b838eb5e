"""Which handler does which command, and the one place where outcomes become replies."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import structlog

from backend.errors import AppError
from backend.realtime.agent import Agent
from backend.realtime.services import Services
from backend.realtime.session import refusal, reply
from protocol.frames import Command
from protocol.vocabulary import ErrorCode

_log = structlog.get_logger(__name__)

C = TypeVar("C", bound=Command)
Handler = Callable[[Any, Agent, Services], Awaitable[msgspec.Struct | bytes | None]]

HANDLERS: dict[type[Command], Handler] = {}
_encode = msgspec.json.Encoder().encode


def handles(
    *kinds: type[C],
) -> Callable[
    [Callable[[C, Agent, Services], Awaitable[msgspec.Struct | bytes | None]]],
    Callable[[C, Agent, Services], Awaitable[msgspec.Struct | bytes | None]],
]:
    """Register a handler for these commands. What it returns is the reply's result: a struct,
    JSON that is encoded already, or nothing."""

    def register(
        handler: Callable[[C, Agent, Services], Awaitable[msgspec.Struct | bytes | None]],
    ) -> Callable[[C, Agent, Services], Awaitable[msgspec.Struct | bytes | None]]:
        for kind in kinds:
            if kind in HANDLERS:
                raise TypeError(f"{kind.__name__} has a handler already")
            HANDLERS[kind] = handler
        return handler

    return register


async def perform(command: Command, agent: Agent, services: Services, timeout_s: float) -> bytes:
    """Run the command's handler; the reply to send. Never raises but for cancellation."""
    try:
        async with asyncio.timeout(timeout_s):
            result = await HANDLERS[type(command)](command, agent, services)
    except AppError as error:
        return refusal(command.id, error.code, str(error), error.data)
    except TimeoutError:
        return refusal(command.id, ErrorCode.EXPIRED, f"no effect within {timeout_s} s")
    except Exception:
        _log.exception(
            "command_failed",
            command=type(command).__name__,
            command_id=command.id,
            account=agent.account_id,
            session=agent.session_id,
        )
        return refusal(command.id, ErrorCode.INTERNAL, "our fault; it is in the log")
    if isinstance(result, msgspec.Struct):
        return reply(command.id, _encode(result))
    return reply(command.id, result)
