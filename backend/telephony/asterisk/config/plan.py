"""What has to stand in an Asterisk's files, gathered from accounts and settings. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from backend.domain.account_config import AccountConfig
from backend.domain.browser_line import browser_username
from backend.telephony.asterisk import names
from protocol.vocabulary import EmployeeId

Away = Literal["busy", "message", "phones", "voicemail"]
"""What callers get while nobody of ours is connected: the busy tone, an announcement and then the
busy tone, the account's desk phones, or a voicemail box."""
DEFAULT_PORT: Final = 8088
"""http.conf's own default."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLine:
    """A section of pjsip.conf that one device registers as."""

    name: str
    caller: str
    """`"Name" <extension>`."""
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchPlan:
    """One Asterisk."""

    ari_user: str
    ari_app: str
    bind: str
    port: int
    browsers: tuple[PlannedLine, ...]
    desks: tuple[PlannedLine, ...]
    trunks: tuple[str, ...]
    numbers: tuple[tuple[str, str], ...]
    """Virtual numbers with the account's slug, for the dialplan's comments."""
    stun: str = ""
    """`host:port` Asterisk itself asks for its public address; empty: none."""
    away: Away = "busy"
    warnings: tuple[tuple[str, str], ...] = ()
    """Code and subject of what could not be planned."""


def plan_of(
    accounts: Iterable[AccountConfig],
    *,
    ari_url: str,
    ari_user: str,
    ari_app: str,
    stun_urls: Iterable[str] = (),
    away: Away = "busy",
    switch: str = "",
) -> SwitchPlan:
    """Everybody who may take calls gets a browser line, whatever they use today: changing over is
    a click then. Endpoints of other technologies and numbers behind trunks are not ours to write.
    With `switch`, only the trunks and numbers of that connection.
    """
    browsers: dict[str, PlannedLine] = {}
    desks: dict[str, PlannedLine] = {}
    trunks: dict[str, None] = {}
    numbers: list[tuple[str, str]] = []
    warnings: list[tuple[str, str]] = []
    for account in accounts:
        for employee in account.employees:
            if not (employee.active and employee.calls_enabled):
                continue
            caller = names.caller_id(employee.name, employee.extension or "")
            name = browser_username(account.slug, EmployeeId(employee.id), employee.extension)
            browsers[name] = PlannedLine(name=name, caller=caller, account=account.slug)
            for number in employee.numbers:
                desk = _line(number.endpoint)
                if desk is None or not number.active:
                    continue
                if not _PLAIN.fullmatch(desk):
                    warnings.append(("unwritable", number.endpoint))
                elif desk not in desks:
                    desks[desk] = PlannedLine(name=desk, caller=caller, account=account.slug)
        for line in account.lines:
            if switch not in ("", line.switch):
                continue
            trunk = _trunk(line.endpoint)
            if trunk is None:
                warnings.append(("other_trunk", line.endpoint))
            else:
                trunks.setdefault(trunk)
        numbers += [
            (number.number, account.slug)
            for number in account.virtual_numbers
            if switch in ("", number.switch)
        ]
    for name in sorted(set(desks) & (set(browsers) | set(trunks))):
        warnings.append(("taken", name))
        del desks[name]
    host, port = _address(ari_url)
    return SwitchPlan(
        ari_user=ari_user or "dozvon",
        ari_app=ari_app,
        bind=host,
        port=port,
        browsers=tuple(browsers.values()),
        desks=tuple(desks.values()),
        trunks=tuple(trunks),
        numbers=tuple(numbers),
        stun=next((url.partition(":")[2].partition("?")[0] for url in stun_urls), ""),
        away=away,
        warnings=tuple(warnings),
    )


def _line(endpoint: str) -> str | None:
    """The section of a phone that registers by PJSIP."""
    technology, _, resource = endpoint.partition("/")
    if technology.upper() != "PJSIP" or not names.is_line(endpoint):
        return None
    return resource


def _trunk(endpoint: str) -> str | None:
    """The section of a trunk, `PJSIP/{number}@trunk`."""
    technology, _, resource = endpoint.partition("/")
    name = resource.partition("@")[2].partition("/")[0]
    return name if technology.upper() == "PJSIP" and _PLAIN.fullmatch(name) else None


def _address(ari_url: str) -> tuple[str, int]:
    """Where Asterisk's HTTP server listens: as ARI is reached, or loopback while nobody said.

    A name is no address to bind to: then every interface, which a firewall has to close.
    """
    parts = urlsplit(ari_url)
    host = parts.hostname or "127.0.0.1"
    if host in ("localhost", "::1"):
        host = "127.0.0.1"
    plain = re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", host)
    return host if plain else "0.0.0.0", parts.port or DEFAULT_PORT
