"""One way to change an account's configuration, whichever door a change comes in by.

    patch ──merged──► whole configuration ──faults──► changes ──► storage, log ──► wake the workers

Nothing is written unless the whole configuration can be meant. Changes of one account are made one
after another under a lock; a change made against something that is no longer so is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import structlog

from backend.domain.account_config import AccountConfig
from backend.domain.account_faults import Fault, faults, foreign_endpoints
from backend.errors import BadRequest, NotFound, WrongState
from backend.services.account_merge import Merged
from backend.services.account_plan import Change, changes
from protocol.vocabulary import AccountId, EmployeeId

log = structlog.get_logger(__name__)

Edit = Callable[[AccountConfig | None], Merged]
"""What a door makes of the configuration it finds; None when there is no such account. May raise
what the asker is to hear, as when somebody else was faster."""


class NumberTaken(BadRequest):
    """The switch leads a number to another account already, or a slug has an owner."""


class ConfigTransaction(Protocol):
    """One account's rows, locked until it ends."""

    async def read(self) -> AccountConfig | None: ...

    async def write(
        self, before: AccountConfig | None, after: AccountConfig, plan: Sequence[Change], who: str
    ) -> list[EmployeeId]:
        """Carry out the plan and write the log; the employees whose sessions ended with it.

        Raises NumberTaken, with `code` and `key` in its data.
        """


class ConfigStore(Protocol):
    def begin(self, account_id: AccountId) -> AbstractAsyncContextManager[ConfigTransaction]:
        """Locked against other changes where the account exists; committed on a clean exit."""

    async def read(self, account_id: AccountId) -> AccountConfig | None:
        """Without waiting for whoever changes it."""


class Invalid(BadRequest):
    """The change cannot be meant; nothing of it was done."""

    def __init__(self, found: Sequence[Fault], merged: Merged | None = None) -> None:
        super().__init__("the settings cannot be meant")
        self.faults = tuple(found)
        self.merged = merged


class ChangedMeanwhile(WrongState):
    """Somebody else changed the thing since it was read."""

    def __init__(self, version: str) -> None:
        super().__init__(
            "the account was changed meanwhile: nothing of it was written, try again",
            why="changed_meanwhile",
            version=version,
        )


class AccountSettings:
    """`wake` tells whoever routes calls that an account changed; `end_sessions` makes the tabs of
    those who may no longer phone notice at once."""

    def __init__(
        self,
        store: ConfigStore,
        *,
        wake: Callable[[AccountId], Awaitable[None]],
        end_sessions: Callable[[AccountId, EmployeeId], Awaitable[None]],
        own_cloud: Callable[[AccountId], Awaitable[str]] | None = None,
    ) -> None:
        """`own_cloud`: the id of the cloud connection an account owns, '' without one."""
        self._store = store
        self._own_cloud = own_cloud
        self._wake = wake
        self._end_sessions = end_sessions

    async def read(self, account_id: AccountId) -> AccountConfig:
        """Raises NotFound."""
        config = await self._store.read(account_id)
        if config is None:
            raise NotFound(f"no account {account_id}")
        return config

    async def preview(
        self, account_id: AccountId, edit: Edit, *, trusted: bool
    ) -> tuple[Merged, list[Change], list[Fault]]:
        """What `change` would do now. Nothing is written."""
        before = await self._store.read(account_id)
        cloud = await self._cloud(account_id, trusted=trusted)
        return planned(before, edit, trusted=trusted, own_cloud=cloud)

    async def _cloud(self, account_id: AccountId, *, trusted: bool) -> str:
        if trusted or self._own_cloud is None:
            return ""
        return await self._own_cloud(account_id)

    async def change(
        self, account_id: AccountId, edit: Edit, *, who: str, trusted: bool = False
    ) -> tuple[AccountConfig, list[Change]]:
        """The configuration after the edit, and what became different; none is fine.

        `trusted`: whoever runs the server may name any endpoint of the switch, an account only its
        own. Raises Invalid, and whatever `edit` raises.
        """
        cloud = await self._cloud(account_id, trusted=trusted)
        async with self._store.begin(account_id) as tx:
            before = await tx.read()
            merged, plan, found = planned(before, edit, trusted=trusted, own_cloud=cloud)
            if found:
                raise Invalid(found, merged)
            ended: list[EmployeeId] = []
            if plan:
                try:
                    ended = await tx.write(before, merged.config, plan, who)
                except NumberTaken as error:
                    raise Invalid([_taken(error)], merged) from error
        if plan:
            log.info(
                "settings.changed",
                account=account_id,
                who=who,
                subjects=[f"{change.action} {change.subject}" for change in plan][:20],
            )
            await self._wake(account_id)
            for employee_id in ended:
                await self._end_sessions(account_id, employee_id)
        return merged.config, plan


def planned(
    before: AccountConfig | None, edit: Edit, *, trusted: bool, own_cloud: str = ""
) -> tuple[Merged, list[Change], list[Fault]]:
    """The merged configuration, its changes, and the faults that came with them. What was wrong
    before does not stand in the way of putting something else right."""
    merged = edit(before)
    old = set() if before is None else {fault.identity for fault in faults(before)}
    found = [*merged.faults, *(f for f in faults(merged.config) if f.identity not in old)]
    if not trusted and before is not None:
        places = {(fault.key, fault.field) for fault in found}
        foreign = foreign_endpoints(merged.config, before, own_cloud=own_cloud)
        found += [fault for fault in foreign if (fault.key, fault.field) not in places]
    return merged, changes(before, merged.config), found


def _taken(error: NumberTaken) -> Fault:
    return Fault(
        kind="virtual_number" if error.data["code"] == "number_taken" else "account",
        key=error.data["key"],
        field="number" if error.data["code"] == "number_taken" else "slug",
        code=error.data["code"],
        data={"number": error.data["key"]},
    )
