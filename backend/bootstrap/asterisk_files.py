"""`dozvon asterisk init`: a folder of configuration for one Asterisk, written again without loss.

Passwords are made once and kept in the folder, in a file of its owner alone, together with what
was written: a file that somebody changed meanwhile is put aside before it is written anew.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from backend.bootstrap.foundation import foundation
from backend.bootstrap.lines import connection_accounts
from backend.errors import BadRequest, SettingsError
from backend.services.settings_texts import Language
from backend.settings import Settings, listed
from backend.telephony.asterisk.config import (
    TRUNKS_FILE,
    Away,
    SwitchPlan,
    missing_trunks,
    plan_of,
    trunks_added,
    written,
)
from backend.telephony.asterisk.config.files import is_secret
from backend.telephony.asterisk.texts import text

KEPT: Final = ".dozvon-init.json"
"""What the folder remembers: passwords, and the sums of the files as they were written."""
_BYTES: Final = 24


class _Kept(msgspec.Struct, kw_only=True):
    ari_password: str = ""
    passwords: dict[str, str] = {}
    """By section of pjsip.conf."""
    sums: dict[str, str] = {}
    """SHA-256 of each file as written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing `init` did or noticed: a code of `asterisk_texts`, and what about."""

    code: str
    subject: str = ""


async def init(
    settings: Settings, out: Path, *, account: str = "", away: Away = "busy"
) -> list[Told]:
    """Write the files into `out`. Raises BadRequest for an account there is none of, and
    SettingsError when the folder cannot be written."""
    async with foundation(settings, single=True, migrating=not settings.database_url) as base:
        accounts = await connection_accounts(base, account)
    if not accounts:
        raise BadRequest(
            f"there is no account {account!r}"
            if account
            else "there is no account yet: `dozvon apply` makes one"
        )
    plan = plan_of(
        accounts,
        ari_url=settings.ari_url,
        ari_user=settings.ari_user,
        ari_app=settings.ari_app,
        stun_urls=listed(settings.stun_urls),
        away=away,
    )
    try:
        return list(write_files(plan, out, settings.ari_password))
    except OSError as error:
        raise SettingsError(
            f"cannot write to {out}: {error.strerror or error}; choose another folder with --out"
        ) from None


def write_files(plan: SwitchPlan, out: Path, ari_password: str) -> Iterator[Told]:
    """Told as it is done. Raises OSError, and SettingsError when `KEPT` cannot be read."""
    out.mkdir(parents=True, exist_ok=True)
    kept = _read(out / KEPT)
    known = dict(kept.passwords)
    # The password Dozvon is set to use wins over one made here.
    kept.ari_password = ari_password or kept.ari_password or secrets.token_urlsafe(_BYTES)
    for line in plan.desks:
        kept.passwords.setdefault(line.name, secrets.token_urlsafe(_BYTES))
    # Before any file that names them: a password must not be lost half-way.
    _put(out / KEPT, msgspec.json.encode(kept).decode(), secret=True)
    for name, content in written(plan, kept.ari_password, kept.passwords).items():
        yield from _renew(out, name, content, kept)
    yield from _trunks(out, plan)
    _put(out / KEPT, msgspec.json.encode(kept).decode(), secret=True)
    new = [line.name for line in plan.desks if line.name not in known]
    if new:
        yield Told(code="passwords_made", subject=str(len(new)))
    for code, subject in plan.warnings:
        yield Told(code=code, subject=subject)


def _renew(out: Path, name: str, content: str, kept: _Kept) -> Iterator[Told]:
    path = out / name
    old = _text(path)
    if old == content:
        yield Told(code="same", subject=name)
    elif old is None:
        yield Told(code="new", subject=name)
    else:
        if _sum(old) != kept.sums.get(name):
            aside = _aside(path)
            _put(aside, old, secret=is_secret(name))
            yield Told(code="put_aside", subject=aside.name)
        yield Told(code="changed", subject=name)
    _put(path, content, secret=is_secret(name))
    kept.sums[name] = _sum(content)


def _trunks(out: Path, plan: SwitchPlan) -> Iterator[Told]:
    path = out / TRUNKS_FILE
    old = _text(path) or ""
    missing = missing_trunks(old, plan.trunks)
    if missing or not old:
        _put(path, trunks_added(old, missing), secret=True)
    yield from (Told(code="trunk_added", subject=name) for name in missing)


def _aside(path: Path) -> Path:
    """A name nothing stands under: edits of several runs are all kept."""
    aside, count = path.with_name(f"{path.name}.edited"), 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{path.name}.edited-{count}")
    return aside


def _read(path: Path) -> _Kept:
    content = _text(path)
    if content is None:
        return _Kept()
    try:
        return msgspec.json.decode(content, type=_Kept)
    except msgspec.DecodeError:
        raise SettingsError(
            f"{path} cannot be read: put a copy of it back, or remove it and set every phone's "
            "password anew"
        ) from None


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def _put(path: Path, content: str, *, secret: bool) -> None:
    """The whole file or none of it, and one with passwords for its owner alone."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
    with os.fdopen(handle, "w") as file:
        file.write(content)
    fresh.replace(path)


def _sum(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def lines(told: list[Told], out: Path, language: Language) -> Iterator[str]:
    """What the command prints; no password is among it."""
    for one in told:
        yield text(one.code, language, subject=one.subject)
    yield text("next", language, out=out)
