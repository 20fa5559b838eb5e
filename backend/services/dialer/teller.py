"""What operators and their colleagues are shown of a run, read anew each time and told when it
is another than before. A lost word costs nothing: the next look says it again."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from backend.domain.dialer.item import IN_HAND
from backend.services.dialer import moves, views
from backend.services.ports import Bus, Publication, colleagues_stream, me_stream
from backend.services.ports.dialer import DialerBook, DialerTx, Run, WorkList
from protocol.dialer import ColleagueDialerChanged, DialerChanged, DialerInHand
from protocol.dialer_words import ListState, RunState
from protocol.frames import Push
from protocol.vocabulary import AccountId, EmployeeId, StreamName

AT_WORK = frozenset({RunState.RUNNING, RunState.STOPPING})
_encode = msgspec.json.Encoder().encode


class DialerTeller:
    def __init__(self, book: DialerBook, bus: Bus, *, always: bool = False) -> None:
        """`always`: says what was said before, too, for another process may have spoken since."""
        self._always = always
        self._book = book
        self._bus = bus
        self._told: dict[tuple[AccountId, EmployeeId, str], bytes] = {}
        """What was said last, without its version."""

    def forget(self) -> None:
        """The bus lost its memory: say everything again."""
        self._told.clear()

    async def everybody(self, accounts: Iterable[AccountId]) -> None:
        """Whoever has a list, at work or not."""
        for account_id in accounts:
            async with self._book.begin(account_id) as tx:
                people = [run.employee_id for run in await tx.runs()]
            await self.tell(account_id, people)

    async def tell(self, account_id: AccountId, employees: Iterable[EmployeeId]) -> None:
        """Publish of these what changed."""
        people = list(employees)
        if not people:
            return
        out: list[Publication] = []
        for who in people:
            async with self._book.begin(account_id) as tx:
                run = await tx.run(who, lock=True)
                if run is None:
                    continue
                # Under the lock: whoever reads later has the greater number.
                version = await self._bus.next_version(f"dialer:{account_id}:{who}")
                for push in await _pushes(tx, run, version):
                    if self._is_new(account_id, who, push):
                        own = push.stream is StreamName.ME
                        stream = (
                            me_stream(account_id, who) if own else colleagues_stream(account_id)
                        )
                        out.append(Publication(stream, push))
        if out:
            await self._bus.publish(out)

    def _is_new(self, account_id: AccountId, who: EmployeeId, push: Push) -> bool:
        key = (account_id, who, push.stream.value)
        body = _encode(msgspec.structs.replace(push, version=0))
        if not self._always and self._told.get(key) == body:
            return False
        self._told[key] = body
        return True


async def _pushes(tx: DialerTx, run: Run, version: int) -> list[Push]:
    work = await tx.work_list(run.list_id)
    if work is None:
        return []
    return [await _own(tx, run, work, version), _others(run, work, version)]


async def _own(tx: DialerTx, run: Run, work: WorkList, version: int) -> DialerChanged:
    away = work.state is ListState.CLOSED and run.state not in AT_WORK
    return DialerChanged(
        stream=StreamName.ME,
        entity="dialer",
        version=version,
        state=RunState.IDLE if away else run.state,
        since=run.since,
        current=None
        if away
        else views.list_view(
            work, await tx.counts(work.id), may_edit=await may_edit(tx, work, run.employee_id)
        ),
        in_hand=await _in_hand(tx, run),
        blend=run.blend,
        dispositions=views.dispositions_view(await moves.dispositions(tx)),
        waits=run.waits,
        refusal=run.refusal,
        next_at=run.next_at,
    )


async def _in_hand(tx: DialerTx, run: Run) -> DialerInHand | None:
    found = await tx.in_hand(run.employee_id)
    if found is None or found[1].phase not in IN_HAND:
        return None
    list_id, one = found
    work, home = await moves.must_have(tx, list_id), await tx.home()
    item = views.item_view(
        one,
        language=moves.language_of(home),
        home_zone=home.timezone,
        who=run.employee_id,
        facts=await tx.facts([one]),
        purpose=work.purpose,
    )
    return views.in_hand_view(one, work, item)


def _others(run: Run, work: WorkList, version: int) -> ColleagueDialerChanged:
    on_list = run.state in AT_WORK
    return ColleagueDialerChanged(
        stream=StreamName.COLLEAGUES,
        entity=f"dialer:{run.employee_id}",
        version=version,
        employee_id=run.employee_id,
        on_list=on_list,
        blend=run.blend,
        since=run.since,
        list_id=work.id if on_list else None,
        list_name=work.name if on_list else None,
    )


async def may_edit(tx: DialerTx, work: WorkList, who: EmployeeId) -> bool:
    """Whoever leads; of a list of one's own, oneself."""
    if work.owner_id == who:
        return True
    return await tx.role(who) in ("supervisor", "administrator")
