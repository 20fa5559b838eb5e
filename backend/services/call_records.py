"""What a finished call leaves in a CRM that keeps calls itself (A12).

Written right after its end, in the card of whoever has the number. The recording is waited for a
moment (`LINK_WAIT_S`), because a card drawn once does not always show an address that came later;
after that the call goes without, and is given the address when there is one.

An interface that loses answers doubles calls unless somebody looks first: each try is marked on
disk before it is made, and after a marked try what stands in the CRM is read before anything is
written again. The outcome only ever improves: a missed call that turns out answered is corrected.

A stranger who calls a hundred times is one request there, not a hundred: while the first waits to
be taken in hand, the later calls are kept here (`collected`) and written once the CRM knows the
number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import structlog

from backend.errors import (
    CrmAuthExpired,
    CrmError,
    CrmRejected,
    CrmUnavailable,
    CrmUnknownNumber,
    NotYet,
)
from backend.services.crm_trouble import trouble_of, words_of
from backend.services.ports import (
    CallFacts,
    CallReport,
    CallWriter,
    CrmCallRows,
    CrmCallState,
    Written,
)
from backend.services.recordings import RecordingLinks
from protocol.vocabulary import AccountId, CallId, CrmTrouble, Direction, EmployeeId, Outcome

log = structlog.get_logger(__name__)

LINK_WAIT_S = 10.0
"""Files come within a second or two of the end; a pop-up about the call may be open as long."""
BUSY_S = 3.0
"""When to come back while another call of the number is being written: no attempt of this one."""
WRITE_WITHIN_S = 90.0
"""A try ends before its mark in the store does (`HELD_S`, 120 s): past that the next call of the
number may be written, and both would make a record of the same stranger (P13)."""

CrmUser = Callable[[AccountId, EmployeeId], str | None]


class CallRecords:
    def __init__(
        self,
        *,
        rows: CrmCallRows,
        writers: Callable[[AccountId], CallWriter | None],
        links: RecordingLinks,
        crm_user: CrmUser,
        within_s: float = WRITE_WITHIN_S,
    ) -> None:
        self._rows = rows
        self._writers = writers
        self._links = links
        self._crm_user = crm_user
        self._within_s = within_s

    async def write(self, account_id: AccountId, call_id: CallId, *, spare: bool = False) -> None:
        """Bring the CRM in line with the history; may run again, at any time and side by side.

        Two jobs do it: the one of the call's end and, when that waits for a recording, a `spare`
        one as soon as it is there. What the CRM refuses is raised by the first alone, so that it
        is parked once. Raises CrmError: the job behind it decides when to come back.
        """
        writer = self._writers(account_id)
        if writer is None:
            # Installed a moment ago, or taken away and perhaps on its way back.
            raise CrmAuthExpired("no CRM is connected")
        facts = await self._rows.facts(account_id, call_id, writer.kind)
        if facts is None or not facts.crm_on:
            return
        if facts.call.direction == Direction.INTERNAL.value:
            return
        state = None if facts.row is None else facts.row.state
        if state == "written":
            await self._improve(writer, facts)
        elif state == "collected" and spare:
            return  # its recording is told with it, once the CRM knows the number
        else:
            try:
                await self._write(writer, facts)
            except CrmRejected:
                if not spare:
                    raise

    async def settled(self, account_id: AccountId) -> list[str]:
        """Requests that calls were left to and that somebody has taken in hand. Raises CrmError."""
        writer = self._writers(account_id)
        if writer is None:
            return []
        refs = await self._rows.collected(account_id, writer.kind)
        waiting = [ref for ref in refs if await writer.waits(ref)]
        await self._rows.looked_at(account_id, writer.kind, waiting)
        return [ref for ref in refs if ref not in waiting]

    async def _write(self, writer: CallWriter, facts: CallFacts) -> None:
        call, report = facts.call, self._report(facts)
        if not report.number:
            await self._rows.save(
                call.account_id,
                call.call_id,
                writer.kind,
                state="refused",
                trouble=CrmTrouble.WITHHELD,
            )
            return
        taken = await self._rows.take(call.account_id, call.call_id, writer.kind, call.number)
        if taken == "busy":
            raise NotYet("a call of this number is being written", retry_after_s=BUSY_S)
        try:
            async with asyncio.timeout(self._within_s):
                written = await writer.look(report) if taken == "again" else None
                if written is not None:
                    # What an earlier try said may be older than what is known now.
                    written = await writer.amend(written.ref, report)
                else:
                    if report.may_collect:
                        earlier = await self._rows.earlier(
                            call.account_id, writer.kind, call.number
                        )
                        report = replace(report, earlier=earlier)
                    written = await writer.write(report)
        except TimeoutError:
            slow = CrmUnavailable(f"no end to it within {self._within_s:.0f} s")
            await self._save(writer, facts, state="waiting", error=slow)
            raise slow from None
        except CrmUnknownNumber as stranger:
            # The CRM keeps no calls of strangers: an answer to show, not a failure to repeat.
            await self._save(writer, facts, state="refused", error=stranger)
            return
        except CrmRejected as refused:
            await self._save(writer, facts, state="refused", error=refused)
            raise
        except CrmError as error:
            await self._save(writer, facts, state="waiting", error=error)
            raise
        await self._written(writer, facts, written)
        log.info("call.written", account=call.account_id, call=call.call_id, crm=writer.kind)

    async def _improve(self, writer: CallWriter, facts: CallFacts) -> None:
        """Correct what was said too early, add what came later; nothing when it is all there."""
        row, report = facts.row, self._report(facts)
        if row is None or row.ref is None:
            return
        outdated = row.told != report.outcome.value
        unlinked = report.link_ready and row.recording != "attached"
        if not outdated and not unlinked:
            return
        try:
            written = await writer.amend(row.ref, report)
        except CrmError as error:
            await self._save(writer, facts, state="written", error=error)
            raise
        await self._written(writer, facts, written)

    async def _written(self, writer: CallWriter, facts: CallFacts, written: Written) -> None:
        if written.joined:
            await self._rows.save(
                facts.call.account_id,
                facts.call.call_id,
                writer.kind,
                state="collected",
                ref=written.ref,
                trouble=CrmTrouble.COLLECTED,
            )
            return
        await self._rows.save(
            facts.call.account_id,
            facts.call.call_id,
            writer.kind,
            state="written",
            ref=written.ref,
            told=facts.call.outcome,
            recording="attached" if written.linked else None,
        )

    async def _save(
        self, writer: CallWriter, facts: CallFacts, *, state: CrmCallState, error: CrmError
    ) -> None:
        await self._rows.save(
            facts.call.account_id,
            facts.call.call_id,
            writer.kind,
            state=state,
            trouble=trouble_of(error),
            reason=words_of(error),
        )

    def _report(self, facts: CallFacts) -> CallReport:
        call, recording = facts.call, facts.recording
        direction, outcome = Direction(call.direction), Outcome(call.outcome)
        if not facts.recording_to_crm:
            recording = None
        audible = recording is not None and recording.state in ("expected", "stored")
        return CallReport(
            account_id=call.account_id,
            call_id=call.call_id,
            direction=direction,
            number=call.number,
            started_at=call.started_at,
            ended_at=call.ended_at,
            talk_s=call.talk_s,
            outcome=outcome,
            cause=call.cause,
            responsible=self._user(call.account_id, _whose(facts)),
            stand_in=facts.stand_in,
            link=self._links.of(recording) if recording is not None and audible else None,
            link_ready=recording is not None and recording.state == "stored",
            may_collect=facts.unknown_to_unsorted
            and direction is Direction.INBOUND
            and outcome is Outcome.ANSWERED,
            visit=call.visit,
            joined=facts.row is not None and facts.row.joined,
        )

    def _user(self, account_id: AccountId, employees: Sequence[EmployeeId]) -> str | None:
        users = (self._crm_user(account_id, employee) for employee in employees)
        # An empty id is nobody's, not that of whoever has none (P15).
        return next((user for user in users if user), None)


def _whose(facts: CallFacts) -> list[EmployeeId]:
    """Who talked; of an outbound call who dialled, too. A lost call is nobody's."""
    call = facts.call
    found = [] if call.answered_by is None else [call.answered_by]
    if call.direction == Direction.OUTBOUND.value:
        found += [leg.employee_id for leg in call.legs if leg.employee_id is not None]
    return found
