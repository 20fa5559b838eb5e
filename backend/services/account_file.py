"""The declarative file of `dozvon apply` and `dozvon export`: what it may say and how it is read.

TOML, because people write it by hand, it has comments and one way to read a value, and Python reads
it without a library. Nothing here touches storage.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import tomli_w
from msgspec import UNSET

from backend.domain.account_config import LISTS, AccountConfig, Employee, OwnNumber
from backend.domain.account_faults import Fault
from backend.domain.account_settings import AREAS
from backend.services.account_merge import Merged
from backend.services.account_patch import PATCHES, AccountPatch, MaybeText, Patch
from backend.services.account_shapes import what_is_wrong
from backend.services.settings_texts import Language, sentence

FORMAT: Final = 1
"""Goes up when a file of before would be read differently."""


class SwitchPatch(Patch, frozen=True, kw_only=True):
    """A switch connection. `credentials` is `env:NAME`; left out, those kept stay."""

    id: str
    kind: str | msgspec.UnsetType = UNSET
    url: str | msgspec.UnsetType = UNSET
    app: str | msgspec.UnsetType = UNSET
    sip_ws_url: str | msgspec.UnsetType = UNSET
    hold: str | msgspec.UnsetType = UNSET
    recording: str | msgspec.UnsetType = UNSET
    owner: str | msgspec.UnsetType = UNSET
    credentials: MaybeText = UNSET


class Trouble(msgspec.Struct, frozen=True):
    """Something wrong at a place of the file: `accounts[0].scenarios[1].steps[2]`."""

    path: str
    code: str
    data: dict[str, Any] = {}

    def told(self, language: Language) -> str:
        words = sentence(self.code, language, **self.data)
        return f"{self.path}: {words}" if self.path else words


class ReadFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file asks for. Items that cannot be read are left out and named in `troubles`."""

    switches: tuple[SwitchPatch, ...] = ()
    accounts: tuple[AccountPatch, ...] = ()
    troubles: tuple[Trouble, ...] = ()


def read_file(text: str) -> ReadFile:
    """Every trouble at once: somebody who corrects a file wants to do it in one go."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return ReadFile(troubles=(Trouble("", "not_toml", {"said": str(error)}),))
    reader = _Reader()
    for name in data:
        if name not in ("version", "switches", "accounts"):
            known = "version, switches, accounts"
            reader.troubles.append(Trouble(name, "unknown_field", {"name": name, "known": known}))
    if data.get("version", FORMAT) != FORMAT:
        reader.troubles.append(Trouble("version", "bad_version", {"known": FORMAT}))
    switches = reader.items("switches", data.get("switches", []), SwitchPatch)
    accounts = [
        reader.account(f"accounts[{place}]", raw)
        for place, raw in enumerate(reader.listed("accounts", data.get("accounts", [])))
    ]
    return ReadFile(
        switches=tuple(switches), accounts=tuple(accounts), troubles=tuple(reader.troubles)
    )


class _Reader:
    def __init__(self) -> None:
        self.troubles: list[Trouble] = []

    def listed(self, path: str, raw: Any) -> Sequence[Any]:
        if isinstance(raw, list):
            return raw
        self.troubles.append(Trouble(path, "not_a_list"))
        return []

    def items(self, path: str, raw: Any, kind: type[Any]) -> list[Any]:
        found = []
        for place, item in enumerate(self.listed(path, raw)):
            wrong = what_is_wrong(item, kind)
            self.troubles += [
                Trouble(f"{path}[{place}]{_dotted(w.field)}", w.code, w.data) for w in wrong
            ]
            if not wrong:
                found.append(msgspec.convert(item, kind))
        return found

    def account(self, path: str, raw: Any) -> AccountPatch:
        if not isinstance(raw, dict):
            self.troubles.append(Trouble(path, "not_a_table"))
            return AccountPatch()
        plain = {name: value for name, value in raw.items() if name not in PATCHES}
        wrong = what_is_wrong(plain, AccountPatch)
        self.troubles += [Trouble(f"{path}.{w.field}", w.code, w.data) for w in wrong]
        if "id" not in raw and "slug" not in raw:
            self.troubles.append(Trouble(path, "missing", {"name": "slug"}))
        bad = {w.field.partition(".")[0].partition("[")[0] for w in wrong}
        patch = msgspec.convert({k: v for k, v in plain.items() if k not in bad}, AccountPatch)
        lists: dict[str, Any] = {
            name: tuple(self.items(f"{path}.{name}", raw[name], kind))
            for name, kind in PATCHES.items()
            if name in raw
        }
        return msgspec.structs.replace(patch, **lists)


def _dotted(field: str) -> str:
    return f".{field}" if field else ""


_LIST_OF = {kind: field for field, kind in LISTS.items()}


def trouble_of(fault: Fault, account: int, merged: Merged | None) -> Trouble:
    """Where in the file a fault of the merged configuration stands; an item the file does not
    write is named by its id."""
    base = f"accounts[{account}]"
    field = _dotted(fault.field)
    if fault.kind == "account":
        return Trouble(base + field, fault.code, fault.data)
    if fault.kind == "settings":
        return Trouble(f"{base}.settings.{fault.key}{field}", fault.code, fault.data)
    place = None if merged is None else merged.places.get((fault.kind, fault.key))
    where = f"[{place}]" if place is not None else f"[{fault.key}]"
    return Trouble(f"{base}.{_LIST_OF[fault.kind]}{where}{field}", fault.code, fault.data)


class SwitchConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A switch connection without what opens it.

    `sip_ws_url`: where browsers speak SIP to it, when that is not its own `/ws`. Of a cloud:
    `hold`, what whoever waits hears (empty: as the server's settings say), `recording`, `dozvon`
    when talks are recorded by our command (empty: by the cloud's rules). `owner`: the id of the
    account whose administrators may change it on their page."""

    id: str
    kind: str
    url: str
    app: str
    sip_ws_url: str = ""
    hold: str = ""
    recording: str = ""
    owner: str = ""


def written(
    accounts: list[AccountConfig], switches: list[SwitchConfig], *, heading: str = ""
) -> str:
    """The file that makes these; secrets are not in it."""
    document: dict[str, Any] = {"version": FORMAT}
    if switches:
        document["switches"] = [msgspec.to_builtins(switch) for switch in switches]
    document["accounts"] = [_account(account) for account in accounts]
    body = tomli_w.dumps(document, multiline_strings=False)
    comment = "".join(f"# {line}\n" for line in heading.splitlines())
    return f"{comment}\n{body}" if comment else body


def _account(config: AccountConfig) -> dict[str, Any]:
    named = {
        *(e for g in config.groups for e in g.members),
        *(e for t in config.teams for e in (*t.members, *t.heads)),
        *(e for s in config.scenarios for step in s.steps for e in step.get("employees", ())),
    }
    out: dict[str, Any] = {
        name: getattr(config, name) for name in ("id", "slug", "name", "region", "timezone")
    }
    settings = {name: _less(getattr(config.settings, name), kind()) for name, kind in AREAS.items()}
    out["settings"] = {name: fields for name, fields in settings.items() if fields}
    out["lines"] = [_filled(line) for line in config.lines]
    # Who left is written only where something still names them.
    out["employees"] = [_employee(e) for e in config.employees if e.active or e.id in named]
    out["groups"] = [_filled(group) for group in config.groups]
    out["scenarios"] = [_filled(scenario) for scenario in config.scenarios]
    out["virtual_numbers"] = [_filled(number) for number in config.virtual_numbers]
    out["teams"] = [_filled(team) for team in config.teams]
    return out


def _employee(employee: Employee) -> dict[str, Any]:
    fields = _less(employee, Employee(id="", name=""))
    fields.pop("role_by_hand", None)
    if employee.role != "operator" or employee.role_by_hand:
        fields["role"] = employee.role
        if not employee.role_by_hand:
            fields["role_by_hand"] = False
    if employee.numbers:
        in_order = all(n.priority == place for place, n in enumerate(employee.numbers, 1))
        fields["numbers"] = [_number(number, in_order) for number in employee.numbers]
    return fields


def _number(number: OwnNumber, in_order: bool) -> dict[str, Any]:
    fields = _less(number, OwnNumber(kind="desk", endpoint=""))
    fields.pop("priority", None)
    if not in_order:
        fields["priority"] = number.priority
    return {"kind": number.kind, **fields}


def _less(value: msgspec.Struct, default: msgspec.Struct) -> dict[str, Any]:
    """The fields that are not as they would be anyway."""
    plain, usual = msgspec.to_builtins(value), msgspec.to_builtins(default)
    return {name: _toml(v) for name, v in plain.items() if v is not None and v != usual[name]}


def _filled(value: msgspec.Struct) -> dict[str, Any]:
    plain: Mapping[str, Any] = msgspec.to_builtins(value)
    return {name: _toml(v) for name, v in plain.items() if v is not None}


def _toml(value: Any) -> Any:
    """Without the nulls TOML does not know."""
    if isinstance(value, dict):
        return {name: _toml(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_toml(inner) for inner in value]
    return value
