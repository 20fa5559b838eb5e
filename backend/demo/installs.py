"""Connects the demo's accounts as administrators would, without their clicks: the sandboxes hand
over what they hand to our pages, and the product's own steps take it from there.

At each start, because the sandboxes forget everything when they stop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from starlette.applications import Starlette

from backend.bootstrap import Foundation, amocrm, portals
from backend.bootstrap.connecting import pairing
from backend.demo.addresses import Addresses
from backend.demo.cast import ADMIN, AMO_CLIENT_ID, SEVER, VEKTOR
from backend.errors import SettingsError
from backend.jobs import amocrm as amocrm_jobs
from backend.jobs import employees_sync, portal_bind, portal_install
from backend.jobs.queue import JobQueue
from backend.kit.ids import new_id
from backend.sandbox.bitrix24.launch import INSTALL, launch
from backend.services import amocrm_install
from backend.services import portal_install as steps
from protocol.vocabulary import CrmKind


async def install(base: Foundation, where: Addresses, portal: Starlette, amo: Starlette) -> None:
    """Both CRMs are connected and everything is bound in them. Raises SettingsError, CrmError."""
    async with _queue(base) as jobs:
        await _portal(base, jobs, portal)
        await _amo(base, jobs, where, amo)


@asynccontextmanager
async def _queue(base: Foundation) -> AsyncIterator[JobQueue]:
    jobs = JobQueue(base.database.url, pool_size=1)
    for task in (amocrm_jobs, employees_sync, portal_bind, portal_install):
        task.announce(jobs)
    async with jobs.opened():
        yield jobs


async def _portal(base: Foundation, jobs: JobQueue, portal: Starlette) -> None:
    state = portal.state.portal
    opened = launch(state, state.users[ADMIN], code=INSTALL, handler="", options={}, language="ru")
    fields = opened["fields"]
    handed = steps.Launch(
        access_token=fields["AUTH_ID"],
        refresh_token=fields["REFRESH_ID"],
        expires_at=base.clock.now() + timedelta(seconds=int(fields["AUTH_EXPIRES"])),
        member_id=fields["member_id"],
        auth_url=fields["SERVER_ENDPOINT"],
        application_token=fields["APPLICATION_TOKEN"],
        secure=False,
    )
    store = portals.installs(base, jobs)
    signed = await pairing(base).state(SEVER.account_id, CrmKind.BITRIX24)
    outcome = await portals.install(base, store).begin(handed, state=signed)
    if not isinstance(outcome, steps.Joined):
        raise SettingsError(f"the sandbox portal did not join: {outcome}")
    await portals.bind(base, outcome.account_id)
    state.finish_installation(ADMIN)


async def _amo(base: Foundation, jobs: JobQueue, where: Addresses, amo: Starlette) -> None:
    installing, pending_id = amocrm.install(base, jobs), new_id()
    await installing.keep(
        pending_id,
        account_url=where.amo,
        code=amo.state.amo.tokens.code(AMO_CLIENT_ID, ADMIN),
        client=await amocrm.clients(base).pick(None, client_id=AMO_CLIENT_ID),
        wanted_account=VEKTOR.account_id,
    )
    outcome = await installing.finish(pending_id)
    if not isinstance(outcome, amocrm_install.Joined):
        raise SettingsError(f"the sandbox account did not join: {outcome}")
