"""The settings over HTTP: the areas, the connection, the log. Items of the account are in
`settings_items`, who asks in `settings_me`.

    GET        /api/v1/settings            GET, PATCH /api/v1/settings/{area}
    GET        /api/v1/connection          POST       /api/v1/employees/sync
    POST       /api/v1/connection/bind     GET        /api/v1/log
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.api.answers import json_answer
from backend.api.settings_door import (
    Asker,
    OfOne,
    SettingsDoor,
    json_body,
    missing,
    require_version,
)
from backend.api.settings_shapes import (
    AreaAnswer,
    AreasAnswer,
    BindingAnswer,
    ConnectionAnswer,
    LogAnswer,
    LogLine,
    SyncAnswer,
    SyncAsked,
    SyncRemark,
)
from backend.domain.account_config import AccountConfig
from backend.domain.account_settings import AREAS, AllSettings
from backend.errors import WrongState
from backend.kit.ids import new_id
from backend.services.account_merge import Merged, merged
from backend.services.account_patch import AccountPatch
from backend.services.account_plan import version_of
from backend.services.account_settings import AccountSettings, Invalid
from backend.services.employee_sync import SyncReport
from backend.services.people_texts import words
from backend.services.settings_texts import Language, sentence
from backend.services.settings_view import BOTH_WITHIN, SettingsViews
from protocol.vocabulary import AccountId, CrmKind

LOG_LINES = 100
NAMED = 5
"""People named in one warning; the rest are counted."""

AskSync = Callable[[AccountId, str], Awaitable[None]]
"""Queue a reading of the CRM's people: account, and the employee who asks."""


class Connector(Protocol):
    """What can be done about a connection from here."""

    async def bind(self, account_id: AccountId, kind: CrmKind) -> None:
        """Queue a look at everything of ours over there; what is gone is bound again."""

    async def reconnect(self, account_id: AccountId, kind: CrmKind) -> str | None:
        """The CRM's page where an administrator lets us in again; None where there is none."""


@dataclass(frozen=True, slots=True)
class SettingsApi:
    settings: AccountSettings
    views: SettingsViews
    door: SettingsDoor
    ask_sync: AskSync
    connector: Connector

    def routes(self) -> list[Route]:
        door = self.door
        return [
            Route("/api/v1/settings", door.readers(self.areas)),
            Route("/api/v1/settings/{area}", door.readers(self.area), methods=["GET"]),
            Route("/api/v1/settings/{area}", door.writers(self.change), methods=["PATCH"]),
            Route("/api/v1/connection", door.readers(self.connection)),
            Route("/api/v1/connection/bind", door.writers(self.bind), methods=["POST"]),
            Route("/api/v1/employees/sync", door.writers(self.sync), methods=["POST"]),
            Route("/api/v1/log", door.readers(self.log)),
        ]

    async def areas(self, _request: Request, asker: Asker) -> Response:
        config = await self.settings.read(asker.identity.account_id)
        areas = tuple([await self._area(name, config, asker) for name in AREAS])
        return json_answer(AreasAnswer(areas=areas))

    async def area(self, request: Request, asker: Asker) -> Response:
        name = request.path_params["area"]
        if name not in AREAS:
            raise missing()
        config = await self.settings.read(asker.identity.account_id)
        return _answered(await self._area(name, config, asker))

    async def change(self, request: Request, asker: Asker) -> Response:
        name = request.path_params["area"]
        if name not in AREAS:
            raise missing()
        patch = AccountPatch(settings={name: await json_body(request)})

        def edit(before: AccountConfig | None) -> Merged:
            if before is None:
                raise missing()
            require_version(request, _version(name, before.settings))
            return merged(before, patch, new_id=new_id)

        try:
            config, _ = await self.settings.change(asker.identity.account_id, edit, who=asker.who)
        except Invalid as error:
            raise OfOne(error, "settings", name) from error
        return _answered(await self._area(name, config, asker))

    async def _area(self, name: str, config: AccountConfig, asker: Asker) -> AreaAnswer:
        value: dict[str, Any] = msgspec.to_builtins(getattr(config.settings, name))
        warnings = await self._workday(config, asker) if name == "workday" else ()
        return AreaAnswer(
            area=name, version=_version(name, config.settings), value=value, warnings=warnings
        )

    async def _workday(self, config: AccountConfig, asker: Asker) -> tuple[str, ...]:
        """What makes statuses change unexpectedly (L967)."""
        day, language = config.settings.workday, asker.language
        if not day.import_on:
            return ()
        told = [sentence("workday_both", language)] if day.write_on else []
        since = datetime.now(UTC) - BOTH_WITHIN
        names = list(
            (await self.views.statuses_from_both(asker.identity.account_id, since=since)).values()
        )
        if names:
            more = f" (+{len(names) - NAMED})" if len(names) > NAMED else ""
            shown = ", ".join(names[:NAMED]) + more
            told.append(sentence("workday_mixed", language, names=shown))
        return tuple(told)

    async def connection(self, _request: Request, asker: Asker) -> Response:
        account_id = asker.identity.account_id
        config = await self.settings.read(account_id)
        found = await self.views.connection(account_id)
        on = config.settings.crm.on
        # What is wrong over there is told even where it was switched off here.
        well = found is not None and found.state == "ok"
        state = "none" if found is None else "off" if well and not on else found.state
        reconnect = None
        if found is not None and found.state == "auth_expired" and asker.role == "administrator":
            reconnect = await self.connector.reconnect(account_id, found.kind)
        return json_answer(
            ConnectionAnswer(
                crm=None if found is None else found.kind.value,
                on=on,
                state=state,
                text=words(f"connection.{state}", asker.language),
                address=None if found is None else found.address,
                connected_by=None if found is None else found.connected_by,
                connected_at=None if found is None else found.connected_at,
                acting=None if found is None else found.acting,
                renewed_at=None if found is None else found.renewed_at,
                reconnect=reconnect,
                bindings=tuple(
                    BindingAnswer(
                        name=binding.name,
                        state=binding.state,
                        detail=binding.detail,
                        lost=binding.lost,
                        checked_at=binding.checked_at,
                        since=binding.since,
                    )
                    for binding in await self.views.bindings(account_id)
                ),
                sync=sync_answer(await self.views.last_sync(account_id), asker.language),
            )
        )

    async def sync(self, _request: Request, asker: Asker) -> Response:
        """Queued, not done: a large CRM takes minutes. One waits at most."""
        account_id = asker.identity.account_id
        if await self.views.connection(account_id) is None:
            raise WrongState(why="no_crm")
        await self.ask_sync(account_id, asker.identity.employee_id)
        return json_answer(SyncAsked(state="queued"), 202)

    async def bind(self, _request: Request, asker: Asker) -> Response:
        account_id = asker.identity.account_id
        found = await self.views.connection(account_id)
        if found is None:
            raise WrongState(why="no_crm")
        await self.connector.bind(account_id, found.kind)
        return json_answer(SyncAsked(state="queued"), 202)

    async def log(self, _request: Request, asker: Asker) -> Response:
        lines = await self.views.log(asker.identity.account_id, limit=LOG_LINES)
        return json_answer(
            LogAnswer(
                items=tuple(
                    LogLine(
                        at=line.at,
                        who=line.who,
                        subject=line.subject,
                        before=line.before,
                        after=line.after,
                    )
                    for line in lines
                )
            )
        )


def sync_answer(report: SyncReport | None, language: Language) -> SyncAnswer | None:
    if report is None:
        return None
    return SyncAnswer(
        state=report.state.value,
        asked_by=report.asked_by,
        started_at=report.started_at,
        finished_at=report.finished_at,
        counts=dict(report.counts),
        text=words(f"sync.{report.state.value}", language),
        remarks=tuple(
            SyncRemark(
                reason=remark.reason.value,
                name=remark.name,
                url=remark.url,
                left_out=remark.left_out,
                text=words(
                    remark.reason.value,
                    language,
                    extension=remark.extension or "",
                    other=remark.other or "",
                ),
            )
            for remark in report.remarks
        ),
    )


def _version(name: str, settings: AllSettings) -> str:
    return version_of(getattr(settings, name))


def _answered(answer: AreaAnswer) -> Response:
    response = json_answer(answer)
    response.headers["ETag"] = f'"{answer.version}"'
    return response
