"""Carrying out a declarative file: everything is checked first, then account by account.

read ─► troubles? nothing happens
     ─► plan of every switch and account ─► troubles? nothing happens
     ─► `check`? the plan is all
     ─► switches, then one transaction per account, each only if it still is as planned
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET

from backend.domain.account_config import AccountConfig, key_of
from backend.domain.account_faults import Fault
from backend.errors import NotFound
from backend.services.account_file import (
    ReadFile,
    SwitchConfig,
    SwitchPatch,
    Trouble,
    read_file,
    trouble_of,
    written,
)
from backend.services.account_merge import Merged, merged
from backend.services.account_patch import AccountPatch
from backend.services.account_plan import Change, version_of
from backend.services.account_settings import (
    AccountSettings,
    ChangedMeanwhile,
    Edit,
    Invalid,
)
from protocol.vocabulary import AccountId

ENV = "env:"
KINDS = ("asterisk", "uis")
"""Engines there are; what opens them is `user:password` of ARI, `secret:key` of the cloud."""

SWITCH_SETTINGS = ("sip_ws_url", "hold", "recording", "owner")
"""What a connection may have beside its address; kept only where it is not empty."""
HOLD = re.compile(r"media:[0-9]+|tts:.{1,200}")
RECORDERS = ("", "dozvon")


@dataclass(frozen=True, slots=True)
class KeptSwitch:
    """A switch connection with what opens it."""

    config: SwitchConfig
    credentials: str = field(repr=False)


class Switches(Protocol):
    """Connections of the whole server: no account owns them."""

    async def all(self) -> list[KeptSwitch]: ...

    async def save(self, switch: KeptSwitch) -> None: ...

    async def account_id(self, slug: str) -> AccountId | None:
        """Whose short name it is."""

    async def numbers(self) -> list[tuple[str, str, AccountId]]:
        """Every virtual number of the server: switch, number as it is kept, account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlan:
    account_id: AccountId
    slug: str
    changes: tuple[Change, ...]
    kept: tuple[Trouble, ...]
    """What the file asks for and the CRM decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """`troubles` and nothing was done; or what was done, or with `check` would be."""

    switches: tuple[str, ...] = ()
    accounts: tuple[AccountPlan, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        return not self.switches and not any(plan.changes for plan in self.accounts)


Taken = dict[tuple[str, str], AccountId]
"""(switch, digits of a number) → account; short names stand under the switch ''."""


@dataclass(frozen=True, slots=True)
class _Planned:
    plan: AccountPlan
    edit: Edit
    place: int


class AccountFiles:
    def __init__(
        self, settings: AccountSettings, switches: Switches, *, new_id: Callable[[], str]
    ) -> None:
        self._settings = settings
        self._switches = switches
        self._new_id = new_id

    async def apply(
        self,
        text: str,
        *,
        env: Mapping[str, str],
        who: str,
        check: bool = False,
        prune: bool = False,
    ) -> Applied:
        """Raises ChangedMeanwhile when an account was changed by somebody else between plan and
        deed; accounts before it are done, that one is as it was."""
        file = read_file(text)
        if file.troubles:
            return Applied(troubles=file.troubles)
        kept = {switch.config.id: switch for switch in await self._switches.all()}
        new, troubles = _switches(file, kept, env)
        planned = []
        known = {*kept, *(switch.config.id for switch in new)}
        taken = await self._taken()
        for place, patch in enumerate(file.accounts):
            one, wrong = await self._plan(place, patch, known, taken, prune=prune)
            planned.append(one)
            troubles += wrong
        if troubles:
            return Applied(troubles=tuple(troubles))
        if not check:
            for switch in new:
                await self._switches.save(switch)
            for one in planned:
                troubles = await self._carry_out(one, who)
                if troubles:
                    return Applied(troubles=tuple(troubles))
        return Applied(
            switches=tuple(switch.config.id for switch in new),
            accounts=tuple(one.plan for one in planned),
        )

    async def _plan(
        self, place: int, patch: AccountPatch, known: set[str], taken: Taken, *, prune: bool
    ) -> tuple[_Planned, list[Trouble]]:
        account_id = await self._account_id(patch)
        seen: list[str] = []

        def edit(before: AccountConfig | None) -> Merged:
            version = version_of(before)
            if seen and seen[0] != version:
                raise ChangedMeanwhile(version)
            seen.append(version)
            return merged(before, patch, prune=prune, new_id=self._new_id)

        result, plan, found = await self._settings.preview(account_id, edit, trusted=True)
        found += [
            Fault(kind="line", key=line.switch, field="switch", code="unknown_switch",
                  data={"id": line.switch})
            for line in result.config.lines
            if line.switch not in known
        ]  # fmt: skip
        found += await self._clashes(result.config, taken)
        planned = _Planned(
            AccountPlan(
                account_id=account_id,
                slug=result.config.slug,
                changes=tuple(plan),
                kept=tuple(trouble_of(fault, place, result) for fault in result.kept),
            ),
            edit,
            place,
        )
        return planned, [trouble_of(fault, place, result) for fault in found]

    async def _taken(self) -> Taken:
        """Who has which number, however it is spelled, and which short name."""
        return {
            (switch, "".join(filter(str.isdigit, number))): account_id
            for switch, number, account_id in await self._switches.numbers()
        }

    async def _clashes(self, config: AccountConfig, taken: Taken) -> list[Fault]:
        """What belongs to another account. From now on `taken` is as the file wants it, so that
        two accounts of one file clash as well."""
        found = []
        account_id = AccountId(config.id)
        for own in [place for place, owner in taken.items() if owner == account_id]:
            del taken[own]
        for number in config.virtual_numbers:
            key = key_of(number, config.region)
            place = (number.switch, "".join(filter(str.isdigit, key)))
            if taken.setdefault(place, account_id) != account_id:
                found.append(
                    Fault(
                        kind="virtual_number",
                        key=key,
                        field="number",
                        code="number_taken",
                        data={"number": key},
                    )
                )
        owner = await self._switches.account_id(config.slug) or account_id
        if owner != account_id or taken.setdefault(("", config.slug), account_id) != account_id:
            data = {"number": config.slug}
            found.append(
                Fault(kind="account", key=config.id, field="slug", code="slug_taken", data=data)
            )
        return found

    async def _account_id(self, patch: AccountPatch) -> AccountId:
        if patch.id is not UNSET:
            return AccountId(patch.id)
        slug = "" if patch.slug is UNSET else patch.slug
        return await self._switches.account_id(slug) or AccountId(slug)

    async def _carry_out(self, one: _Planned, who: str) -> list[Trouble]:
        if not one.plan.changes:
            return []
        try:
            await self._settings.change(one.plan.account_id, one.edit, who=who, trusted=True)
        except Invalid as error:
            # What only the database knows: a number or short name another account has.
            return [trouble_of(fault, one.place, error.merged) for fault in error.faults]
        return []

    async def export(self, account: str) -> str:
        """The file that changes nothing when it is applied. `account` is an id or a slug. Raises
        NotFound."""
        account_id = await self._switches.account_id(account) or AccountId(account)
        try:
            config = await self._settings.read(account_id)
        except (NotFound, ValueError):
            raise NotFound(f"there is no account {account!r}; give its id or short name") from None
        used = {line.switch for line in config.lines}
        switches = [s.config for s in await self._switches.all() if s.config.id in used]
        return written(
            [config],
            switches,
            heading="Written by `dozvon export`. Credentials of switches are not in it: they stay\n"
            'as they are, or come from the environment (credentials = "env:NAME").',
        )


def _switches(
    file: ReadFile, kept: Mapping[str, KeptSwitch], env: Mapping[str, str]
) -> tuple[list[KeptSwitch], list[Trouble]]:
    """Those that become different, and what is wrong with them."""
    new, troubles = [], []
    for place, patch in enumerate(file.switches):
        path = f"switches[{place}]"
        found = kept.get(patch.id)
        credentials, wrong = _credentials(patch, found, env)
        if wrong is not None:
            troubles.append(Trouble(f"{path}.credentials", *wrong))
        fields = {
            name: value
            for name in ("kind", "url", "app", *SWITCH_SETTINGS)
            if (value := getattr(patch, name)) is not UNSET
        }
        if "url" in fields:
            fields["url"] = fields["url"].rstrip("/")
        elif found is None:
            troubles.append(Trouble(f"{path}.url", "missing", {"name": "url"}))
        base = SwitchConfig(id=patch.id, kind=KINDS[0], url="", app="dozvon")
        config = msgspec.structs.replace(found.config if found else base, **fields)
        if config.kind not in KINDS:
            known = ", ".join(KINDS)
            troubles.append(Trouble(f"{path}.kind", "not_one_of", {"known": known}))
        if "url" in fields and not _is_address(fields["url"]):
            troubles.append(Trouble(f"{path}.url", "bad_url"))
        if config.sip_ws_url and not _is_address(config.sip_ws_url, ("wss", "ws")):
            troubles.append(Trouble(f"{path}.sip_ws_url", "bad_ws_url"))
        troubles += [
            Trouble(f"{path}.{name}", code, data) for name, code, data in _of_cloud(config)
        ]
        switch = KeptSwitch(config, credentials)
        if found != switch:
            new.append(switch)
    return new, troubles


def _of_cloud(config: SwitchConfig) -> list[tuple[str, str, dict[str, str]]]:
    """What is wrong with what only a cloud has."""
    found: list[tuple[str, str, dict[str, str]]] = []
    if config.hold and not HOLD.fullmatch(config.hold):
        found.append(("hold", "bad_hold", {}))
    if config.recording not in RECORDERS:
        known = ", ".join(repr(one) for one in RECORDERS)
        found.append(("recording", "not_one_of", {"known": known}))
    return found


def _credentials(
    patch: SwitchPatch, found: KeptSwitch | None, env: Mapping[str, str]
) -> tuple[str, tuple[str, dict[str, str]] | None]:
    given = patch.credentials
    if given is UNSET or not given:
        if found is None:
            return "", ("credentials_missing", {})
        return found.credentials, None
    if not given.startswith(ENV):
        return "", ("credentials_plain", {})
    name = given.removeprefix(ENV)
    value = env.get(name, "")
    return value, None if value else ("credentials_unset", {"name": name})


def _is_address(url: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in schemes and bool(parts.hostname)
    except ValueError:
        return False
