"""`dozvon`: one command, a verb for each process and for what an administrator asks."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from getpass import getpass
from pathlib import Path
from typing import Any, get_args

from backend.bootstrap import (
    amocrm_connect,
    create_app,
    create_worker_app,
    foundation,
    portal_check,
    uis_check,
)
from backend.bootstrap.asterisk_check import examine as look_at_asterisks
from backend.bootstrap.asterisk_files import init, lines
from backend.bootstrap.connecting import disconnect, pair
from backend.bootstrap.doctor import examine
from backend.bootstrap.foundation import require_bus
from backend.bootstrap.logs import log_to
from backend.bootstrap.parked import parked, retry
from backend.bootstrap.rotation import reseal
from backend.bootstrap.serving import serve
from backend.bootstrap.settings_file import apply, export, told
from backend.bootstrap.tracking import visits_command
from backend.bootstrap.who_rings import ask as who_would_ring
from backend.demo.addresses import Addresses
from backend.demo.command import overrides, run_demo
from backend.errors import AppError, BadRequest, SettingsError
from backend.kit.secrets_box import new_key
from backend.services.settings_texts import Language, language_of
from backend.settings import Settings, table
from backend.telephony.asterisk.config import Away
from backend.telephony.asterisk.texts import text as asterisk_text
from protocol.vocabulary import CrmKind


def main(argv: list[str] | None = None) -> int:
    """The exit code. Expected failures are one sentence on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except AppError as error:
        sys.stderr.write(f"dozvon: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dozvon", description="Phone in the CRM tab.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, run, what in (
        ("up", _up, "run everything in one process"),
        ("web", _web, "serve sockets and pages (needs Redis)"),
        ("worker", _worker, "own switch connections and run jobs (needs Redis)"),
        ("release", _release, "bring the database to this version"),
        ("doctor", _doctor, "say in words what is misconfigured"),
        ("jobs", _jobs, "list jobs that gave up; --retry gives them another life"),
        ("apply", _apply, "make accounts as a file says"),
        ("export", _export, "write an account's settings as a file"),
        ("settings", _settings, "list every setting"),
        ("connect", _connect, "expect a CRM's application and say what to do over there"),
        ("bitrix24", _bitrix24, "check a portal: grant, rights, bindings, what on-premise needs"),
        (
            "asterisk",
            _asterisk,
            "init writes an Asterisk's configuration, check looks at a running one",
        ),
        ("uis", _uis, "check looks at a UIS cloud, list says what lines and numbers it has"),
        ("pair", _pair, "print a code that joins a CRM's installation to an account"),
        ("disconnect", _disconnect, "forget a CRM of an account and what came from it"),
        ("who-rings", _who_rings, "say who would ring for a number, and why not others"),
        ("visits", _visits, "keys a site or server sends visits with, for call tracking"),
        ("new-key", _new_key, "print a key for DOZVON_SECRET_KEYS"),
        ("reseal", _reseal, "seal every secret with the first key of DOZVON_SECRET_KEYS"),
        ("demo", _demo, "show the product beside a switch and CRMs of our own"),
    ):
        verb = verbs.add_parser(name, help=what)
        verb.set_defaults(run=run)
        if name in ("up", "web", "worker", "demo"):
            verb.add_argument("--port", type=int, default=None, help="port to listen on")
        if name == "connect":
            verb.add_argument("crm", choices=[kind.value for kind in CrmKind])
            verb.add_argument("account", metavar="ACCOUNT", help="its short name or id")
            verb.add_argument("--portal", metavar="ADDRESS", help="the portal's address")
            verb.add_argument(
                "--client-id", default="", help="of a local application or private integration"
            )
            verb.add_argument(
                "--button", action="store_true", help="amoCRM: HTML of an external integration"
            )
            verb.add_argument(
                "--client-secret", default="", help="its key; - asks for it instead of showing it"
            )
        if name == "bitrix24":
            verb.add_argument("what", choices=["check"])
            verb.add_argument("account", nargs="?", metavar="ACCOUNT", help="one account only")
        if name == "asterisk":
            verb.add_argument("what", choices=["init", "check"])
            verb.add_argument("--account", default="", metavar="ACCOUNT", help="one account only")
            verb.add_argument("--out", type=Path, metavar="DIR", help="init: var/asterisk")
            verb.add_argument(
                "--away",
                choices=get_args(Away),
                default="busy",
                help="init: what callers get while Dozvon is away",
            )
        if name == "uis":
            verb.add_argument("what", choices=["check", "list"])
            verb.add_argument("--account", default="", metavar="ACCOUNT", help="one account only")
        if name == "pair":
            verb.add_argument("account", metavar="ACCOUNT", help="its short name or id")
            verb.add_argument("--crm", choices=[kind.value for kind in CrmKind], required=True)
        if name == "who-rings":
            verb.add_argument("account", metavar="ACCOUNT", help="its short name or id")
            verb.add_argument("number", metavar="NUMBER", help="one of its virtual numbers")
            verb.add_argument("--at", default="", metavar="TIME", help="2026-11-04T10:00; now")
        if name == "disconnect":
            verb.add_argument("crm", choices=[kind.value for kind in CrmKind])
            verb.add_argument("account", metavar="ACCOUNT", help="its short name or id")
            verb.add_argument(
                "--force", action="store_true", help="though it is connected and is not told"
            )
        if name == "visits":
            verb.add_argument("what", choices=["key", "keys", "withdraw"])
            verb.add_argument("account", metavar="ACCOUNT", help="its short name or id")
            verb.add_argument("key", nargs="?", metavar="ID", help="the key to withdraw")
            verb.add_argument("--site", action="store_true", help="a key for a site's pages")
            verb.add_argument("--name", default="", help="what people know it by")
        if name == "jobs":
            verb.add_argument("--retry", metavar="ID", help="a job's number, or all")
        if name == "apply":
            verb.add_argument("file", metavar="FILE", help="a TOML file; - is standard input")
            verb.add_argument("--check", action="store_true", help="say what would change")
            verb.add_argument(
                "--prune", action="store_true", help="remove what the file's lists do not name"
            )
        if name == "export":
            verb.add_argument("account", metavar="ACCOUNT", help="id or short name")
    return parser


def _read(arguments: argparse.Namespace, **overrides: Any) -> Settings:
    if getattr(arguments, "port", None):
        overrides["worker_port" if arguments.verb == "worker" else "port"] = arguments.port
    settings = Settings.from_env(os.environ, **overrides)
    log_to(level=settings.log_level, form=settings.log_format)
    return settings


def _up(arguments: argparse.Namespace) -> int:
    settings = _read(arguments)
    app = create_app(settings, with_worker=True)
    return serve(app, settings.host, settings.port, proxies=settings.proxies)


def _web(arguments: argparse.Namespace) -> int:
    settings = _read(arguments)
    require_bus(settings, single=False)
    return serve(create_app(settings), settings.host, settings.port, proxies=settings.proxies)


def _worker(arguments: argparse.Namespace) -> int:
    settings = _read(arguments)
    require_bus(settings, single=False)
    # Without a port of its choice it answers this machine only.
    host = settings.host if settings.worker_port else "127.0.0.1"
    return serve(create_worker_app(settings), host, settings.worker_port)


def _release(arguments: argparse.Namespace) -> int:
    settings = _read(arguments)

    async def run() -> None:
        async with foundation(settings, single=True, migrating=True):
            sys.stdout.write("The database is at this version.\n")

    asyncio.run(run())
    return 0


def _doctor(arguments: argparse.Namespace) -> int:
    settings = _read(arguments)
    findings = asyncio.run(examine(settings))
    for finding in findings:
        sys.stdout.write(f"{'ok  ' if finding.ok else 'FAIL'} {finding.text}\n")
    return 0 if all(finding.ok for finding in findings) else 1


def _jobs(arguments: argparse.Namespace) -> int:
    """1 while some gave up, for scripts that watch."""
    settings = _read(arguments)
    if arguments.retry:
        lines = asyncio.run(retry(settings, arguments.retry))
        sys.stdout.write("".join(f"{line} begins anew\n" for line in lines))
        return 0
    lines = asyncio.run(parked(settings))
    sys.stdout.write("".join(f"{line}\n" for line in lines) or "No job gave up.\n")
    return 1 if lines else 0


def _apply(arguments: argparse.Namespace) -> int:
    """0: it is as the file says. 2: something is wrong and nothing was changed."""
    settings = _read(arguments)
    try:
        text = sys.stdin.read() if arguments.file == "-" else Path(arguments.file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"cannot read {arguments.file}: {error}") from None
    applied = asyncio.run(
        apply(settings, text, env=os.environ, check=arguments.check, prune=arguments.prune)
    )
    out = sys.stderr if applied.troubles else sys.stdout
    out.write("".join(f"{line}\n" for line in told(applied, _language())))
    return 2 if applied.troubles else 0


def _export(arguments: argparse.Namespace) -> int:
    sys.stdout.write(asyncio.run(export(_read(arguments), arguments.account)))
    return 0


def _settings(_arguments: argparse.Namespace) -> int:
    for name, default, what in table():
        sys.stdout.write(f"{name}\n    {what}{f' Default: {default}.' if default else ''}\n")
    return 0


def _connect(arguments: argparse.Namespace) -> int:
    settings = _read(arguments)
    key = arguments.client_secret
    if key == "-" or (arguments.client_id and not key):
        key = getpass("Application key (client_secret): ")
    if arguments.crm == CrmKind.AMOCRM.value:
        lines = asyncio.run(
            amocrm_connect.connect(
                settings,
                arguments.account,
                client_id=arguments.client_id,
                client_secret=key,
                button=arguments.button,
            )
        )
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return 0
    if not arguments.portal:
        raise BadRequest("--portal is missing: the portal's address, company.bitrix24.ru")
    lines = asyncio.run(
        portal_check.connect(
            settings,
            arguments.account,
            portal=arguments.portal,
            client_id=arguments.client_id,
            client_secret=key,
        )
    )
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _bitrix24(arguments: argparse.Namespace) -> int:
    """1 while something is wrong, for scripts that watch."""
    findings = asyncio.run(portal_check.examine(_read(arguments), arguments.account))
    for finding in findings:
        sys.stdout.write(f"{'ok  ' if finding.ok else 'FAIL'} {finding.text}\n")
    return 0 if all(finding.ok for finding in findings) else 1


def _asterisk(arguments: argparse.Namespace) -> int:
    """check: 1 while something keeps calls from working, for scripts that watch."""
    settings = _read(arguments)
    language = _language()
    if arguments.what == "init":
        out = arguments.out or settings.var_dir / "asterisk"
        told = asyncio.run(init(settings, out, account=arguments.account, away=arguments.away))
        sys.stdout.write("".join(f"{line}\n" for line in lines(told, out, language)))
        return 0
    found = asyncio.run(look_at_asterisks(settings, arguments.account))
    marks = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}
    for name, one in found:
        words = asterisk_text(one.code, language, **one.data)
        sys.stdout.write(f"{marks[one.weight]} {f'{name}: ' if name else ''}{words}\n")
    return 1 if any(one.weight == "fail" for _, one in found) else 0


def _uis(arguments: argparse.Namespace) -> int:
    """1 while something keeps calls from working, for scripts that watch."""
    asked = uis_check.command(
        _read(arguments), arguments.what, arguments.account, language=_language()
    )
    told_lines, well = asyncio.run(asked)
    sys.stdout.write("".join(f"{line}\n" for line in told_lines))
    return 0 if well else 1


def _language() -> Language:
    return language_of(os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")


def _pair(arguments: argparse.Namespace) -> int:
    lines = asyncio.run(pair(_read(arguments), arguments.account, CrmKind(arguments.crm)))
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _disconnect(arguments: argparse.Namespace) -> int:
    settings = _read(arguments)
    kind = CrmKind(arguments.crm)
    lines = asyncio.run(disconnect(settings, arguments.account, kind, force=arguments.force))
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _who_rings(arguments: argparse.Namespace) -> int:
    language = language_of(os.environ.get("LC_ALL") or os.environ.get("LANG") or "en")
    asked = who_would_ring(
        _read(arguments), arguments.account, arguments.number, arguments.at, language
    )
    sys.stdout.write("".join(f"{line}\n" for line in asyncio.run(asked)))
    return 0


def _visits(arguments: argparse.Namespace) -> int:
    lines = asyncio.run(
        visits_command(
            _read(arguments),
            arguments.what,
            arguments.account,
            key=arguments.key,
            site=arguments.site,
            name=arguments.name,
        )
    )
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


def _new_key(_arguments: argparse.Namespace) -> int:
    sys.stdout.write(f"k1:{new_key()}\n")
    return 0


def _reseal(arguments: argparse.Namespace) -> int:
    """1 while something cannot be read: then no key may go."""
    lines, whole = asyncio.run(reseal(_read(arguments)))
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0 if whole else 1


def _demo(arguments: argparse.Namespace) -> int:
    port = arguments.port or int(os.environ.get("DOZVON_PORT") or 8080)
    where = Addresses(port)
    return run_demo(_read(arguments, port=port, **overrides(where, os.environ)), where)


if __name__ == "__main__":
    sys.exit(main())
