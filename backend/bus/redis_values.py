"""What Redis keeps for a while beside the streams: values, counters, versions, who is present."""

from __future__ import annotations

from typing import Any

import hiredis
import msgspec

from backend.bus import keys, scripts
from backend.bus.line import Line, Word
from backend.bus.memory import new_epoch
from backend.services.ports import TabPresence
from protocol.vocabulary import AccountId, EmployeeId

_tab = msgspec.json.Decoder(TabPresence)
_encode = msgspec.json.Encoder().encode


class RedisValues:
    """Over one connection for commands; `RedisBus` adds the streams."""

    def __init__(self, commands: Line) -> None:
        self._commands = commands

    # ── short-lived values ───────────────────────────────────────────────────────────────────

    async def put(self, key: str, value: bytes, *, ttl_s: float) -> None:
        await self._commands.ask("SET", keys.value(key), value, "PX", _ms(ttl_s))

    async def take(self, key: str) -> bytes | None:
        # GETDEL wants Redis 6.2; repeated it would find nothing, so it is not.
        value: bytes | None = await self._commands.ask("GETDEL", keys.value(key))
        return value

    async def count(self, key: str, *, ttl_s: float) -> int:
        return int(await self._run("count", [keys.counter(key)], [_ms(ttl_s)]))

    async def generation(self) -> str:
        value: bytes = await self._run("generation", [keys.generation()], [new_epoch()], again=True)
        return value.decode()

    async def change(self, key: str, value: bytes, *, force: bool = False) -> int | None:
        args: list[Word] = [value, keys.CHANGE_TTL_S * 1000, "1" if force else "0"]
        version = await self._run("change", [keys.change(key)], args)
        return None if version is None else int(version)

    async def next_version(self, key: str) -> int:
        args: list[Word] = [keys.VERSION_TTL_S * 1000]
        return int(await self._run("version", [keys.version(key)], args, again=True))

    # ── presence ─────────────────────────────────────────────────────────────────────────────

    async def mark_present(
        self, account_id: AccountId, employee_id: EmployeeId, tab: TabPresence, *, ttl_s: float
    ) -> list[TabPresence]:
        names = [keys.tabs(account_id, employee_id), keys.employees(account_id)]
        args: list[Word] = [tab.session, _encode(tab), employee_id, _ms(ttl_s)]
        return _tabs(await self._run("present", names, args, again=True))

    async def mark_gone(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        session: str,
        *,
        linger_s: float = 0.0,
    ) -> list[TabPresence]:
        names = [keys.tabs(account_id, employee_id), keys.employees(account_id)]
        args: list[Word] = [session, employee_id, round(linger_s * 1000)]
        return _tabs(await self._run("gone", names, args, again=True))

    async def present(self, account_id: AccountId, employee_id: EmployeeId) -> list[TabPresence]:
        return _tabs(await self._run("tabs", [keys.tabs(account_id, employee_id)], []))

    async def present_employees(self, account_id: AccountId) -> set[EmployeeId]:
        found = await self._run("employees", [keys.employees(account_id)], [])
        return {EmployeeId(employee.decode()) for employee in found}

    # ── plumbing ─────────────────────────────────────────────────────────────────────────────

    async def _run(
        self,
        name: str,
        names: list[str],
        args: list[Word],
        *,
        again: bool = False,
        line: Line | None = None,
    ) -> Any:
        line = line or self._commands
        command = scripts.call(name, names, args)
        try:
            # The wire itself while there is one: a coroutine less on the way.
            wire = line.now
            return await (line.ask(*command) if wire is None else wire.ask(*command))
        except hiredis.ReplyError as error:
            if not scripts.forgotten(error):
                raise
            await scripts.load(await line.wire())
            return await line.ask(*command)
        except ConnectionError:
            if not again:
                raise
            return await line.ask(*command)


def _tabs(found: list[bytes]) -> list[TabPresence]:
    return sorted(map(_tab.decode, found), key=lambda tab: (tab.since, tab.session))


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
