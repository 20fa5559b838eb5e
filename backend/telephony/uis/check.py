"""What is wrong with a connection to the cloud, asked of both its APIs. It changes nothing.

What the cloud has to be told by hand (the addresses of our door, the scenario's question) leaves no
trace in its APIs: whether it was done is seen from what has reached us.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

import httpx

from backend.errors import AppError
from backend.telephony.uis import names
from backend.telephony.uis.call_api import CallApi
from backend.telephony.uis.data_api import DataApi
from backend.telephony.uis.directory import CloudEmployee, Directory, read_directory
from backend.telephony.uis.rpc import RpcClient

Weight = Literal["ok", "warn", "fail"]
_TIMEOUT_S: Final = 5.0
KNOWN: Final = frozenset(
    {
        "auth_error",
        "ip_not_whitelisted",
        "access_token_invalid",
        "access_token_expired",
        "access_token_blocked",
        "component_disabled",
        "forbidden",
        "account_inactive",
        "limit_exceeded",
    }
)
"""Mnemonics that have a sentence of their own in `texts`."""
_NAMED: Final = 5
"""People named in one finding; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`code` is a sentence of `texts`. A warning leaves calls working."""

    weight: Weight
    code: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An employee of ours and the endpoints that are to ring over there."""

    name: str
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What has reached our door of late."""

    notification_at: datetime | None = None
    question_at: datetime | None = None
    unreadable: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What our side wants to find there."""

    has_secret: bool = True
    public_url: str = ""
    """Where the cloud is to send to; empty: it may be anything, as in the sandbox."""
    people: Sequence[Person] = ()
    numbers: Sequence[tuple[str, bool]] = ()
    """Virtual numbers, and whether a scenario of ours routes them."""
    by_command: bool = False
    """Recordings are begun and paused by us."""
    heard: Heard = field(default_factory=Heard)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`directory` is None while Data API does not answer."""

    found: list[Found]
    directory: Directory | None = None


class UisCheck:
    def __init__(
        self,
        call_url: str,
        data_url: str,
        token: str,
        expected: Expected,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._call = RpcClient(call_url, token, timeout_s=_TIMEOUT_S, transport=transport)
        self._data = RpcClient(data_url, token, timeout_s=_TIMEOUT_S, transport=transport)
        self._expected = expected

    async def look(self) -> Told:
        try:
            found = [*await self._call_api()]
            directory, said = await self._data_api()
            found += said
        finally:
            await self._call.aclose()
            await self._data.aclose()
        if directory is not None:
            found += self._people(directory)
            found += self._numbers(directory)
        else:
            found += [one for person in self._expected.people for one in _spelled(person)]
        return Told(found=[*found, *self._door()], directory=directory)

    # ── the APIs ──

    async def _call_api(self) -> list[Found]:
        try:
            await CallApi(self._call).sessions()
        except AppError as error:
            return [_refused("Call API", self._call.url, error)]
        points = self._call.points
        if points is None:
            return [Found(weight="ok", code="call_api", data={"url": self._call.url})]
        data = {"url": self._call.url, "left": points.remaining, "limit": points.limit}
        found = [Found(weight="ok", code="call_api_points", data=data)]
        if points.limit < LEAST_POINTS:
            data = {"limit": points.limit, "least": LEAST_POINTS}
            found.append(Found(weight="warn", code="few_points", data=data))
        return found

    async def _data_api(self) -> tuple[Directory | None, list[Found]]:
        try:
            name = await DataApi(self._data).account()
            directory = await read_directory(self._data)
        except AppError as error:
            return None, [_refused("Data API", self._data.url, error)]
        data = {"url": self._data.url, "name": name or "—"}
        return directory, [Found(weight="ok", code="data_api", data=data)]

    # ── people and numbers ──

    def _people(self, directory: Directory) -> list[Found]:
        found = [one for person in self._expected.people for one in self._person(directory, person)]
        if self._expected.by_command:
            recorded = [one.name for one in self._ours(directory) if one.recording not in _OFF]
            if recorded:
                data = {"names": _listed(recorded)}
                found.append(Found(weight="fail", code="records_by_itself", data=data))
        if not found and self._expected.people:
            found.append(Found(weight="ok", code="people", data={"n": len(self._expected.people)}))
        return found

    def _person(self, directory: Directory, person: Person) -> list[Found]:
        found = _spelled(person)
        for endpoint in person.endpoints:
            line = names.parse(endpoint)
            if not isinstance(line, names.Line):
                continue
            who: dict[str, Any] = {"who": person.name, "endpoint": endpoint}
            employee = directory.employee(line.employee)
            if employee is None:
                known = _listed([f"{one.id} {one.name}" for one in directory.employees])
                found.append(Found(weight="fail", code="no_employee", data=who | {"known": known}))
                continue
            phone = next((one for one in employee.phones if one.number == line.number), None)
            if line.number and phone is None:
                known = _listed([one.number for one in employee.phones])
                found.append(Found(weight="fail", code="not_his", data=who | {"known": known}))
            elif phone is not None and not phone.active:
                found.append(Found(weight="fail", code="number_off", data=who))
            sip = directory.lines.get(line.number)
            if sip is not None and not sip.working:
                found.append(Found(weight="fail", code="line_locked", data=who))
            elif sip is not None and not sip.registered:
                found.append(Found(weight="warn", code="unregistered", data=who))
        return found

    def _ours(self, directory: Directory) -> list[CloudEmployee]:
        endpoints = [end for person in self._expected.people for end in person.endpoints]
        lines = [line for end in endpoints if isinstance(line := names.parse(end), names.Line)]
        ids = dict.fromkeys(line.employee for line in lines)
        return [one for id_ in ids if (one := directory.employee(id_)) is not None]

    def _numbers(self, directory: Directory) -> list[Found]:
        found = []
        for number, _ in self._expected.numbers:
            known, data = directory.number(number), {"number": number}
            if known is None:
                listed = _listed([f"+{one.number}" for one in directory.numbers])
                data |= {"known": listed}
                found.append(Found(weight="fail", code="no_number", data=data))
            elif not known.working:
                data |= {"status": known.status}
                found.append(Found(weight="fail", code="number_locked", data=data))
            elif not known.scenarios:
                found.append(Found(weight="fail", code="no_scenario", data=data))
        if not found and self._expected.numbers:
            data = {"n": str(len(self._expected.numbers))}
            found.append(Found(weight="ok", code="numbers", data=data))
        return found

    # ── our door ──

    def _door(self) -> list[Found]:
        expected, heard = self._expected, self._expected.heard
        found = []
        if not expected.has_secret:
            found.append(Found(weight="fail", code="no_secret"))
        if expected.public_url and not expected.public_url.startswith("https://"):
            data = {"url": expected.public_url}
            found.append(Found(weight="fail", code="no_https", data=data))
        if heard.notification_at is None:
            found.append(Found(weight="warn", code="no_notification"))
        else:
            data = {"at": _moment(heard.notification_at)}
            found.append(Found(weight="ok", code="notified", data=data))
        if any(ours for _, ours in expected.numbers):
            if heard.question_at is None:
                found.append(Found(weight="warn", code="no_question"))
            else:
                data = {"at": _moment(heard.question_at)}
                found.append(Found(weight="ok", code="questioned", data=data))
        if heard.unreadable:
            found.append(Found(weight="warn", code="unreadable", data={"n": heard.unreadable}))
        return found


LEAST_POINTS: Final = 60
"""Of a minute: while somebody rings the list is read thirty times, and commands cost as well."""
_OFF: Final = ("off", "")


def _spelled(person: Person) -> list[Found]:
    """Endpoints no cloud could ring."""
    found = []
    for endpoint in person.endpoints:
        line, data = names.parse(endpoint), {"who": person.name, "endpoint": endpoint}
        if line is None:
            found.append(Found(weight="fail", code="no_line", data=data))
        elif isinstance(line, names.Line) and not line.number:
            found.append(Found(weight="warn", code="no_phone", data=data))
    return found


def _refused(api: str, url: str, error: AppError) -> Found:
    mnemonic = str(error.data.get("mnemonic") or "")
    data = {"api": api, "url": url, "said": str(error)}
    code = f"refused_{mnemonic}" if mnemonic in KNOWN else "silent"
    return Found(weight="fail", code=code, data=data)


def _listed(items: Sequence[str]) -> str:
    more = f" (+{len(items) - _NAMED})" if len(items) > _NAMED else ""
    return (", ".join(items[:_NAMED]) or "—") + more


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
