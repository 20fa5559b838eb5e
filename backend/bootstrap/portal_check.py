"""`dozvon bitrix24 check` and `dozvon connect bitrix24`: a portal in words, with what to do."""

from __future__ import annotations

from urllib.parse import urlsplit

from backend.bootstrap import portals
from backend.bootstrap.connecting import account_named, pairing
from backend.bootstrap.findings import Finding
from backend.bootstrap.foundation import Foundation, foundation
from backend.connectors.crm.bitrix24 import check
from backend.connectors.crm.bitrix24.bindings import REQUIRED
from backend.errors import BadRequest, CrmError
from backend.jobs import portal_bind
from backend.jobs.queue import JobQueue
from backend.services.portal_install import Joined
from backend.settings import Settings
from backend.store.crm_connections import CrmConnection, CrmConnectionStore
from backend.store.crm_grants import CrmGrantStore
from protocol.vocabulary import CrmKind

KIND = CrmKind.BITRIX24
_FIELDS_CHECK = (
    "CRM → Settings → Other → Other settings → Applications: the check of mandatory custom fields "
    "is off for applications."
)
BY_HAND = (
    "By hand: the portal is at its latest stable version (licence page, Updates).",
    f"By hand: {_FIELDS_CHECK}",
)


async def connect(
    settings: Settings, account: str, *, portal: str, client_id: str, client_secret: str
) -> list[str]:
    """Expect a portal's application, and say what its administrator does next.

    Without a client id it is our Market application. Raises BadRequest, NotFound, WrongState.
    """
    page_url = page_of(portal)
    async with foundation(settings, single=True, migrating=False) as base:
        found = await account_named(base, account)
        jobs = JobQueue(base.database.url)
        portal_bind.announce(jobs)
        async with jobs.opened():
            store = portals.installs(base, jobs)
            if client_id:
                await store.prepare(
                    found.id,
                    page_url=page_url,
                    client_id=client_id,
                    client_secret=client_secret,
                )
            elif not settings.bitrix24_client_id:
                raise BadRequest(
                    "name the local application: --client-id and --client-secret, as its card in "
                    "the portal shows them (this server has no Market application)"
                )
            outcome = await portals.install(base, store).claim(urlsplit(page_url).netloc, found.id)
        if isinstance(outcome, Joined):
            return [f"{outcome.portal} was waiting and is connected to {found.name} now."]
        state = await pairing(base).state(found.id, KIND)
    app = f"{settings.base_url}/bitrix24"
    known = client_id or settings.bitrix24_client_id
    return [
        f"Addresses of the application in {page_url}:",
        f"  handler        {app}/app",
        f"  installation   {app}/install",
        f"  redirect       {app}/oauth",
        f"  without pages  {app}/events (handler of the installation)",
        f"Rights: {', '.join(check.SCOPES)}.",
        "Install it in the portal as its administrator; where it is installed, open this instead:",
        f"  {page_url}/oauth/authorize/?client_id={known}&state={state}",
        "  (good for 20 minutes)",
    ]


async def examine(settings: Settings, account: str | None) -> list[Finding]:
    """How one account's portal stands, or everybody's. Raises NotFound."""
    async with foundation(settings, single=True, migrating=False) as base:
        wanted = None if account is None else (await account_named(base, account)).id
        async with base.database.begin_resolving() as tx:
            connections = [
                connection
                for connection in await CrmConnectionStore(tx, base.secrets).all()
                if connection.kind is KIND and wanted in (None, connection.account_id)
            ]
        if not connections:
            return [
                Finding(
                    False,
                    "No portal is connected. `dozvon connect bitrix24 ACCOUNT` says how to begin.",
                )
            ]
        return [line for found in connections for line in await inspect(base, found)]


async def inspect(base: Foundation, found: CrmConnection) -> list[Finding]:
    name = f"{found.account_id}, {found.host}"
    if found.state == "waiting":
        return [Finding(False, f"{name}: prepared; nobody installed the application yet.")]
    if found.state == "uninstalled":
        return [Finding(False, f"{name}: the application was deleted there. Install it again.")]
    findings = [await _grant(base, found, name)]
    if not base.settings.base_url.startswith("https://"):
        findings.append(
            Finding(False, f"{name}: DOZVON_PUBLIC_URL must be https; portals refuse other pages.")
        )
    try:
        async with portals.portal(base, found.account_id) as source:
            if source is not None:
                findings += _facts(name, found, await check.look(source.client))
        findings += [
            _binding(name, standing.name, standing.state, standing.detail)
            for standing in await portals.look(base, found.account_id)
        ]
    except CrmError as error:
        findings.append(
            Finding(False, f"{name}: the portal cannot be asked: {error}. {_what_to_do(error)}")
        )
    kept = await portals.binding_store(base).kept(found.account_id)
    findings += [
        Finding(True, f"{name}: {row.name} was lost {row.lost} times and bound again.")
        for row in kept
        if row.lost
    ]
    return findings


async def _grant(base: Foundation, found: CrmConnection, name: str) -> Finding:
    async with base.database.begin(found.account_id) as tx:
        reserves = await CrmGrantStore(tx, base.secrets).count(found.account_id, KIND)
    by = found.settings.get("connected_by") or {}
    who = f"user {found.grant_user_id or '?'} acts"
    if by.get("name"):
        who += f", connected by {by['name']}"
    if found.state == "auth_expired":
        return Finding(
            False,
            f"{name}: the grant is gone ({who}; {reserves} in reserve). A portal administrator "
            "has to open Dozvon in the portal once.",
        )
    if not reserves:
        return Finding(
            True,
            f"{name}: connected ({who}). No other administrator opened Dozvon yet: nobody could "
            "take over.",
        )
    return Finding(True, f"{name}: connected ({who}; {reserves} in reserve).")


def _facts(name: str, found: CrmConnection, facts: check.PortalFacts) -> list[Finding]:
    kind = "on-premise" if facts.on_premise else "cloud"
    findings = [Finding(True, f"{name}: {kind}, licence {facts.licence or 'unknown'}.")]
    if not facts.is_admin:
        findings.append(
            Finding(
                False,
                f"{name}: {facts.user_name}, for whom we act, is no administrator any more. "
                "Another administrator has to open Dozvon in the portal.",
            )
        )
    findings += [
        Finding(
            False,
            f"{name}: the application lacks the right {scope!r} ({check.SCOPES[scope]}). Add it "
            "in the application's card and install again.",
        )
        for scope in facts.missing_scopes
    ]
    findings += [
        Finding(
            False,
            f"{name}: the portal has no {method}: install its module (REST API, Telephony, "
            "Working time).",
        )
        for method in facts.missing_methods
    ]
    if facts.on_premise:
        findings += _on_premise(name, found, facts)
    return findings


def _on_premise(name: str, found: CrmConnection, facts: check.PortalFacts) -> list[Finding]:
    """L4-L11: what an on-premise portal has to be before anything works."""
    secure = found.base_url.startswith("https://")
    findings = [
        Finding(
            secure,
            f"{name}: https with a certificate we trust."
            if secure
            else f"{name}: the portal is http. It needs https with a certificate that is not "
            "self-signed.",
        )
    ]
    if facts.mandatory_fields:
        findings.append(
            Finding(
                False,
                f"{name}: mandatory custom fields ({', '.join(facts.mandatory_fields[:5])}) stop "
                f"what applications write. See to it that {_FIELDS_CHECK}",
            )
        )
    if facts.without_department:
        names = ", ".join(facts.without_department[:5])
        findings.append(
            Finding(
                False,
                f"{name}: {len(facts.without_department)} people have no department and are not "
                f"synchronised: {names}.",
            )
        )
    return findings + [Finding(True, f"{name}: {line}") for line in BY_HAND]


def _binding(name: str, binding: str, state: str, detail: str) -> Finding:
    if state == "ok":
        return Finding(True, f"{name}: {binding} is bound.")
    if state == "missing":
        return Finding(
            False, f"{name}: {binding} is missing; a running worker binds it within ten minutes."
        )
    required = binding in REQUIRED
    return Finding(not required, f"{name}: {binding} is refused: {detail}.")


def _what_to_do(error: CrmError) -> str:
    if "ConnectError" in str(error):
        return "Is it reachable from here, over https with a trusted certificate?"
    return "A portal administrator has to open Dozvon in the portal once."


def page_of(portal: str) -> str:
    """`https://host` of what an administrator typed. Raises BadRequest."""
    parts = urlsplit(portal if "://" in portal else f"https://{portal}")
    if parts.scheme not in ("https", "http") or not parts.hostname or "." not in parts.hostname:
        raise BadRequest(f"--portal is {portal!r}; give its address, company.bitrix24.ru")
    return f"{parts.scheme}://{parts.netloc}"
