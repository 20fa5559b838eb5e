"""`dozvon doctor`: what is misconfigured, in words, with what to do. It changes nothing."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from backend.api.pages import read_manifest, static_dir
from backend.bootstrap import uis, uis_check
from backend.bootstrap.audio import FOLDER, audio_storage
from backend.bootstrap.findings import Finding
from backend.bootstrap.foundation import Foundation, foundation
from backend.bootstrap.lines import connection_accounts
from backend.bootstrap.outside import clock, outside
from backend.jobs.queue import JobQueue
from backend.kit.ids import new_id
from backend.kit.secrets_box import SecretUnreadable
from backend.settings import Settings
from backend.store.crm_connections import CrmConnectionStore
from backend.store.gateways import SqlRouting
from backend.store.installs import PendingInstallStore
from backend.store.migrations import current_revision, head_revision
from backend.store.switches import SwitchConnection, SwitchStore
from protocol.vocabulary import AccountId

ASK_TIMEOUT_S = 5.0


async def examine(settings: Settings) -> list[Finding]:
    """Every check's finding; one that cannot be made says why."""
    findings = [*_address(settings), _widget()]
    try:
        async with foundation(settings, single=True, migrating=False) as base:
            findings.append(await _schema(base))
            if findings[-1].ok:
                findings += [*await _switches(base), *await _crms(base), await _jobs(base)]
            findings.append(await _recordings(settings))
            if not settings.sandbox:
                findings += await outside(base.http, settings, base.secrets.answer)
            if settings.redis_url:
                findings.append(await _bus(base))
    except Exception as error:
        findings.append(
            Finding(
                False,
                f"The database or Redis does not answer ({type(error).__name__}: {error}). "
                "Check DOZVON_DATABASE_URL and DOZVON_REDIS_URL.",
            )
        )
    return findings


def _address(settings: Settings) -> list[Finding]:
    parts = urlsplit(settings.base_url)
    host = parts.hostname or ""
    local = host in ("127.0.0.1", "localhost") or host.endswith(".localhost")
    if parts.scheme != "https" and not local:
        return [
            Finding(
                False,
                f"DOZVON_PUBLIC_URL is {settings.base_url}: CRM pages are https and will not frame "
                "it. Put a proxy with a certificate in front and name its https address.",
            )
        ]
    if local and not settings.sandbox:
        return [
            Finding(
                False,
                f"Browsers are told to come to {settings.base_url}, which only this machine can. "
                "Set DOZVON_PUBLIC_URL.",
            )
        ]
    return [Finding(True, f"Browsers reach us at {settings.base_url}.")]


def _widget() -> Finding:
    try:
        read_manifest(static_dir())
    except (OSError, ValueError):
        return Finding(
            False, "The built widget is missing: install the wheel or run `make widget`."
        )
    return Finding(True, "The widget is there.")


async def _schema(base: Foundation) -> Finding:
    current, head = await current_revision(base.owner_url), head_revision()
    if current != head:
        return Finding(
            False, f"The database is at {current or 'nothing'}, this version wants {head}. "
            "Run `dozvon release`.",
        )  # fmt: skip
    return Finding(True, "The database is at this version.")


async def _bus(base: Foundation) -> Finding:
    await base.bus.generation()
    return Finding(True, "Redis answers.")


async def _switches(base: Foundation) -> list[Finding]:
    try:
        async with base.database.begin_resolving() as tx:
            store = SwitchStore(tx, base.secrets)
            connections = await store.all()
            accounts = {c.id: await store.accounts_of(c.id) for c in connections}
    except SecretUnreadable:
        return [_unreadable("a switch's password")]
    if not connections:
        return [
            Finding(
                False,
                "No switch is connected. Set DOZVON_ARI_URL, DOZVON_ARI_USER, "
                "DOZVON_ARI_PASSWORD and DOZVON_ARI_APP, or DOZVON_UIS_URL, DOZVON_UIS_TOKEN and "
                "DOZVON_UIS_SECRET, and start again.",
            )
        ]
    findings = []
    for connection in connections:
        cloud = connection.kind == uis.KIND
        if cloud:
            there = uis_check.on_connection(connection.id, await connection_accounts(base))
            told = await uis_check.look(base, connection, there)
            findings += uis_check.findings(connection.id, told)
        else:
            findings.append(await _asterisk(base, connection))
        for account_id in accounts[connection.id]:
            findings += await _routes(base, account_id, connection.id, alone=not cloud)
    return findings


async def _asterisk(base: Foundation, connection: SwitchConnection) -> Finding:
    user, _, password = connection.credentials.partition(":")
    url = connection.url.rstrip("/").removesuffix("/ari")
    try:
        answer = await base.http.get(
            f"{url}/ari/asterisk/ping", auth=(user, password), timeout=ASK_TIMEOUT_S
        )
    except httpx.HTTPError as error:
        return Finding(
            False,
            f"Switch {connection.id}: {url} does not answer ({type(error).__name__}). "
            "Is Asterisk's HTTP server on (http.conf) and reachable from here?",
        )
    if answer.status_code == 401:
        return Finding(
            False,
            f"Switch {connection.id}: Asterisk refuses the user {user!r}. "
            "Compare name and password with ari.conf.",
        )
    if answer.status_code != 200:
        return Finding(
            False,
            f"Switch {connection.id}: {url} answered {answer.status_code}. "
            "Is ARI enabled (ari.conf, `enabled = yes`)?",
        )
    return Finding(True, f"Switch {connection.id} answers at {url}.")


async def _routes(
    base: Foundation, account_id: AccountId, connection_id: str, *, alone: bool
) -> list[Finding]:
    """`alone`: the switch rings nobody by itself, so every number needs a scenario of ours."""
    loaded = await SqlRouting(base.database).load(account_id, connection_id)
    if loaded is None:
        return []
    route = loaded.route
    faults = [
        Finding(
            False, f"{route.slug}: number {number.number} has no usable scenario; it rings nobody."
        )
        for number in route.virtual_numbers
        if alone and number.scenario is None
    ]
    faults += [
        Finding(False, f"{route.slug}: {employee.name} has no number; no call can reach them.")
        for employee in route.employees.values()
        if not employee.devices and employee.calls_enabled
    ]
    if not route.virtual_numbers:
        faults.append(Finding(False, f"{route.slug} has no virtual number: nobody can call it."))
    return faults or [
        Finding(
            True,
            f"{route.slug}: {len(route.virtual_numbers)} numbers, "
            f"{len(route.employees)} employees.",
        )
    ]


async def _crms(base: Foundation) -> list[Finding]:
    try:
        async with base.database.begin_resolving() as tx:
            connections = await CrmConnectionStore(tx, base.secrets).all()
            waiting = await PendingInstallStore(tx, base.secrets).all()
    except SecretUnreadable:
        return [_unreadable("a CRM's token")]
    findings = [
        Finding(
            False,
            f"An installation at {urlsplit(one.host).netloc} waits for a pairing code: "
            f"`dozvon pair ACCOUNT --crm {one.kind.value}` prints one.",
        )
        for one in waiting
        if one.state == "tokens"
    ]
    for connection in connections:
        name = f"{connection.kind.value} of {connection.account_id}"
        if connection.state == "waiting":
            findings.append(
                Finding(True, f"{name} is prepared and not installed yet ({connection.host}).")
            )
        elif connection.state == "uninstalled":
            findings.append(
                Finding(True, f"{name} was uninstalled over there ({connection.host}).")
            )
        elif connection.state != "ok" or not connection.access_token:
            findings.append(
                Finding(False, f"{name}: the grant is gone. An administrator has to connect again.")
            )
        else:
            findings.append(Finding(True, f"{name} is connected ({connection.host})."))
            skewed = await clock(base.http, name, connection.base_url)
            if skewed is not None:
                findings.append(skewed)
    return findings


async def _recordings(settings: Settings) -> Finding:
    """A file is put, read and deleted as a recording is."""
    key, content = f"doctor/{new_id()}.txt", b"dozvon doctor"
    where = settings.recordings_url.partition("?")[0] or str(settings.var_dir / FOLDER)
    try:
        storage = audio_storage(settings)
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "probe"
            await asyncio.to_thread(source.write_bytes, content)
            await storage.put(key, source, "text/plain")
        found = b"".join([chunk async for chunk in storage.read(key, 0, len(content))])
        await storage.delete(key)
    except Exception as error:
        return Finding(
            False,
            f"Recordings cannot be kept in {where} ({type(error).__name__}: {str(error)[:200]}). "
            "Check DOZVON_RECORDINGS_URL and its keys, or who may write to DOZVON_VAR_DIR.",
        )
    if found != content:
        return Finding(False, f"{where} gives back something else than it was given.")
    return Finding(True, f"Recordings are kept in {where}.")


async def _jobs(base: Foundation) -> Finding:
    jobs = JobQueue(base.database.url)
    async with jobs.opened():
        parked = await jobs.parked()
    if parked:
        tasks = ", ".join(sorted({job.task for job in parked}))
        return Finding(
            False,
            f"{len(parked)} jobs gave up ({tasks}): what they were to write is not in the CRM. "
            "`dozvon jobs` lists them; `dozvon jobs --retry all` gives them another life.",
        )
    return Finding(True, "No job gave up.")


def _unreadable(what: str) -> Finding:
    return Finding(
        False,
        f"{what} cannot be decrypted: DOZVON_SECRET_KEYS lacks the key it was sealed with.",
    )
