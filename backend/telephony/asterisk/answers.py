"""What an answer of ARI means: a value, or which of our errors."""

from __future__ import annotations

from typing import TypeVar

import httpx
import msgspec

from backend.errors import NoDevice, NotFound, SwitchRefused, SwitchUnavailable

T = TypeVar("T")


def is_final(answer: httpx.Response) -> bool:
    """A 5xx that will not change by asking again."""
    return answer.status_code == 501 or "allocation failed" in sentence(answer).lower()


def check(answer: httpx.Response) -> None:
    """Raises SwitchUnavailable (5xx), NotFound (404) and SwitchRefused (other 4xx)."""
    status = answer.status_code
    if status < 400:
        return
    said = f"{status}: {sentence(answer)}"
    if status >= 500:
        raise SwitchUnavailable(said)
    if status == 404:
        raise NotFound(said)
    raise SwitchRefused(said)


def check_made(answer: httpx.Response) -> None:
    """`check` of a channel asked for. Raises NoDevice too: Asterisk says "allocation failed" of an
    endpoint that is unknown or not registered."""
    if answer.status_code == 500 and "allocation failed" in sentence(answer).lower():
        raise NoDevice("the endpoint is unknown or not registered")
    check(answer)


def sentence(answer: httpx.Response) -> str:
    """The reason given: `message` as a rule, `error` for failed allocations."""
    try:
        body = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return ""
    if not isinstance(body, dict):
        return ""
    return str(body.get("message") or body.get("error") or "")[:200]


def read(answer: httpx.Response, shape: type[T]) -> T:
    """Raises SwitchUnavailable when it is something else."""
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except msgspec.DecodeError as error:
        raise SwitchUnavailable(f"not an answer of ARI: {error}") from error
