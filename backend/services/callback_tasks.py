"""A customer to be called back, as a task in the CRM of whoever is to do it (M1, R7).

Like a call it is told once: each try is marked before it is made, and after a marked try the CRM is
looked at before anything is written again. What people see here does not wait for it. Once somebody
called back, or said it need not be, the task is closed over there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from backend.errors import CrmAuthExpired, CrmError, CrmRejected, CrmUnavailable
from backend.kit.clock import Clock
from backend.services import callback_words as words
from backend.services.call_records import WRITE_WITHIN_S, CrmUser
from backend.services.call_words import language_of
from backend.services.crm_trouble import trouble_of, words_of
from backend.services.ports.callbacks import (
    WORTH_CLOSING,
    CallbackFacts,
    CallbackReport,
    CallbackWriter,
    CrmCallbackRows,
    CrmTask,
    CrmTaskState,
)
from backend.services.recordings import RecordingLinks
from protocol.vocabulary import AccountId, CallId, CrmTrouble

log = structlog.get_logger(__name__)

DUE: Final = timedelta(minutes=15)
"""Whoever waits for a call waits about that long before calling somebody else."""
_TRIED: Final = ("writing", "waiting", "refused")


class CrmCallbacks:
    def __init__(
        self,
        *,
        rows: CrmCallbackRows,
        writers: Callable[[AccountId], CallbackWriter | None],
        links: RecordingLinks,
        crm_user: CrmUser,
        clock: Clock,
    ) -> None:
        self._rows = rows
        self._writers = writers
        self._links = links
        self._crm_user = crm_user
        self._clock = clock

    async def bring(self, account_id: AccountId, call_id: CallId) -> None:
        """Bring the CRM in line with the task; may run again at any time, one after another.

        Raises CrmError: the job behind it decides when to come back.
        """
        writer = self._writers(account_id)
        if writer is None:
            raise CrmAuthExpired("no CRM is connected")
        facts = await self._rows.facts(account_id, call_id, writer.kind)
        told = None if facts is None else facts.task.crm
        if facts is None or told is None or not _is_unsettled(told):
            return
        if not facts.done and (told.state == "written" or not facts.wanted):
            return
        if not facts.task.number:
            await self._save(writer, facts, "refused", trouble=CrmTrouble.WITHHELD)
            return
        try:
            async with asyncio.timeout(WRITE_WITHIN_S):
                if facts.done:
                    await self._close(writer, facts, told)
                else:
                    await self._write(writer, facts, told)
        except TimeoutError:
            slow = CrmUnavailable(f"no end to it within {WRITE_WITHIN_S:.0f} s")
            await self._failed(writer, facts, slow)
            raise slow from None
        except CrmError as error:
            await self._failed(writer, facts, error)
            raise

    async def _write(self, writer: CallbackWriter, facts: CallbackFacts, told: CrmTask) -> None:
        report = self._report(facts)
        await self._save(writer, facts, "writing")
        ref = await writer.look(report) if told.state in _TRIED else None
        if ref is None:
            ref = await writer.write(report)
        await self._save(writer, facts, "written", ref=ref)
        log.info(
            "callback.written",
            account=facts.account_id,
            call=facts.task.call_id,
            crm=writer.kind,
        )

    async def _close(self, writer: CallbackWriter, facts: CallbackFacts, told: CrmTask) -> None:
        report = self._report(facts)
        ref = told.ref
        if ref is None and told.state in _TRIED:
            ref = await writer.look(report)
        if ref is None:
            await self._save(writer, facts, "dropped")
            return
        await writer.close(ref, words.done(language_of(facts.region)))
        await self._save(writer, facts, "closed", ref=ref)

    async def _failed(self, writer: CallbackWriter, facts: CallbackFacts, error: CrmError) -> None:
        """A task that stands there is not lost by a refusal to close it."""
        state: CrmTaskState = "waiting"
        ref = None if facts.task.crm is None else facts.task.crm.ref
        if isinstance(error, CrmRejected):
            state = "refused"
        elif ref is not None:
            state = "written"
        reason = words_of(error) if isinstance(error, CrmRejected) else None
        await self._save(writer, facts, state, ref=ref, trouble=trouble_of(error), reason=reason)

    async def _save(
        self,
        writer: CallbackWriter,
        facts: CallbackFacts,
        state: CrmTaskState,
        *,
        ref: str | None = None,
        trouble: CrmTrouble | None = None,
        reason: str | None = None,
    ) -> None:
        told = CrmTask(state=state, ref=ref, trouble=trouble, reason=reason)
        await self._rows.save(facts.account_id, facts.task.call_id, writer.kind, told)

    def _report(self, facts: CallbackFacts) -> CallbackReport:
        task, language = facts.task, language_of(facts.region)
        key = words.key(task.number, facts.called_at, facts.timezone, language)
        audio = facts.recording
        heard = audio is not None and audio.state in ("expected", "stored") and audio.secret
        url = self._links.of(audio) if audio is not None and heard else None
        users = (self._crm_user(facts.account_id, who) for who in task.employees)
        talked = facts.talked
        return CallbackReport(
            number=task.number,
            key=key,
            title=words.title(task, key, language),
            details=words.details(task, url, language),
            began_at=task.created_at,
            due_at=max(task.created_at, self._clock.now()) + DUE,
            record=facts.record,
            talked=None if talked is None else self._crm_user(facts.account_id, talked),
            told=tuple(dict.fromkeys(user for user in users if user)),
            stand_in=facts.stand_in,
        )


def _is_unsettled(told: CrmTask) -> bool:
    """Something may be left to do; of what was refused, when somebody asks for another try."""
    again = told.state == "refused" and told.trouble == CrmTrouble.REJECTED
    return again or told.state in WORTH_CLOSING
