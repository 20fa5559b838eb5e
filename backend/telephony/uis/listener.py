"""The hearing half of the adapter: notifications as they come, the list of calls now and then.

The cloud has no event stream. Notifications are quick and may be lost, doubled or swapped: nothing
is promised of them. `list.calls` is the truth and costs points. So it is read on every connection,
soon after each notification, every other second while somebody rings, and rarely otherwise; less
while points are scarce.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any, Final

import structlog

from backend.errors import NotFound, SwitchError
from backend.kit.backoff import Backoff
from backend.kit.clock import Clock
from backend.services.ports import SwitchConnected, SwitchDisconnected, SwitchEvent
from backend.telephony.uis import names, wire
from backend.telephony.uis.call_api import CallApi
from backend.telephony.uis.data_api import DataApi
from backend.telephony.uis.endings import Endings
from backend.telephony.uis.naming import Who
from backend.telephony.uis.post import Letter, Post
from backend.telephony.uis.questions import UNKNOWN, Questions
from backend.telephony.uis.rpc import RpcClient
from backend.telephony.uis.session import Session
from backend.telephony.uis.sessions import Ours, Sessions
from protocol.vocabulary import HangupCause, LegId, LegState

log = structlog.get_logger(__name__)

FAST_S: Final = 2.0
"""Between two readings while somebody rings: an employee's pick-up is told by nothing else."""
SOON_S: Final = 0.5
"""After a notification the list is read this much later, once for all that came meanwhile."""
_FAILURES: Final = 2
"""Readings in a row that fail before contact counts as lost: one slow answer is none."""


class Listener:
    def __init__(
        self,
        identity: str,
        rpc: RpcClient,
        calls: CallApi,
        data: DataApi | None,
        post: Post,
        questions: Questions,
        *,
        clock: Clock,
        who: Who,
        ours: Ours,
        poll_s: float,
        backoff: Backoff,
    ) -> None:
        self.sessions = Sessions(identity, who, ours)
        self._identity = identity
        self._rpc, self._calls = rpc, calls
        self._post, self._questions = post, questions
        self._clock, self._poll_s, self._backoff = clock, poll_s, backoff
        self._queue: asyncio.Queue[SwitchEvent | None] = asyncio.Queue()
        """What `events()` has yet to hand out; None ends it."""
        self._wake = asyncio.Event()
        self._due = 0.0
        """Monotonic second of the next reading."""
        self._connected = False
        self._reason = ""
        """Why the last reading failed."""
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._chores: set[asyncio.Task[None]] = set()
        self._unkept: list[tuple[int, int, LegId]] = []
        """Names of legs that could not be kept yet."""
        self.endings = Endings(
            self.sessions, data, questions, clock=clock, tell=self.tell, chore=self.chore
        )

    # ── for the adapter ──

    def tell(self, events: Iterable[SwitchEvent]) -> None:
        for event in events:
            self._queue.put_nowait(event)

    def look_soon(self, within_s: float = SOON_S) -> None:
        self._due = min(self._due, self._clock.monotonic() + within_s)
        self._wake.set()

    def chore(self, work: Coroutine[Any, Any, None]) -> None:
        """Run beside; what the cloud refuses is logged and harms nobody."""

        async def run() -> None:
            try:
                await work
            except (SwitchError, NotFound) as failed:
                log.info("uis.chore_failed", identity=self._identity, error=str(failed))
            except Exception:
                log.exception("uis.chore_broke", identity=self._identity)

        task = asyncio.create_task(run())
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def aclose(self) -> None:
        self._closed = True
        tasks = [*self._chores, *([self._task] if self._task is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._queue.put_nowait(None)

    async def events(self) -> AsyncIterator[SwitchEvent]:
        if self._task is not None:
            raise RuntimeError("events() is already being read")
        if self._closed:
            return
        self._task = asyncio.create_task(self._hear(), name=f"uis:{self._identity}")
        self._task.add_done_callback(lambda _: self._queue.put_nowait(None))
        try:
            while True:
                event = await self._queue.get()
                if event is None:
                    if self._task.done() and not self._task.cancelled():
                        self._task.result()
                    return
                yield event
        finally:
            task, self._task = self._task, None
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    # ── the loop ──

    async def _hear(self) -> None:
        self.sessions.know(await self._post.names())
        async with self._post.waking(self._wake.set), self._post.answering(self.answer):
            failures = _FAILURES  # until the first reading there is no contact to be lost
            while True:
                self._wake.clear()
                if self._connected:
                    await self._open_letters()
                if self._clock.monotonic() >= self._due:
                    failures = 0 if await self._look() else failures + 1
                    if failures >= _FAILURES:
                        self._lost()
                await self._pause()

    async def _pause(self) -> None:
        """Until something came, or the next reading is due."""
        if self._wake.is_set():
            return
        waits = asyncio.ensure_future(self._wake.wait())
        left = max(0.0, self._due - self._clock.monotonic())
        due = asyncio.ensure_future(self._clock.sleep(left))
        try:
            await asyncio.wait((waits, due), return_when=asyncio.FIRST_COMPLETED)
        finally:
            waits.cancel()
            due.cancel()

    async def _look(self) -> bool:
        """Read the list, tell what it says. False when it could not be read."""
        known, before = self.sessions.shown(), [one.session_id for one in self.sessions.all()]
        if not self._connected:
            await self._open_letters(unread=False)
        try:
            rows = await self._calls.sessions()
        except (SwitchError, NotFound) as error:
            scarce = error.data.get("mnemonic") == "limit_exceeded"
            wait_s = float(error.data.get("retry_after_s") or 0) if scarce else 0.0
            self._due = self._clock.monotonic() + (wait_s or self._backoff.next_s())
            self._reason = str(error)
            return scarce
        now = self._clock.now()
        self._backoff.reset()
        if not self._connected:
            self._connect(rows, before)
        else:
            self.tell(self.sessions.listed(rows, now))
            self.endings.after(rows, known)
            self._send_away()
        await self._keep_names()
        self._due = self._clock.monotonic() + self._pace()
        return True

    def _send_away(self) -> None:
        """Whoever was to listen and was called off before the cloud showed him."""
        for session in self.sessions.all():
            for coach in session.coaches:
                if coach.unwanted and coach.vendor_id and coach.state is not LegState.ENDED:
                    coach.unwanted = False
                    self.chore(self._calls.disconnect(session.session_id, coach.vendor_id))

    def _pace(self) -> float:
        points = self._rpc.points
        busy = any(session.setting_up for session in self.sessions.all())
        if points is not None and points.scarce:
            return max(self._poll_s, min(points.reset_s, 60.0))
        return min(FAST_S, self._poll_s) if busy else self._poll_s

    def _connect(self, rows: list[wire.SessionRow], before: list[int]) -> None:
        """All that lives, at once; single events of it are not told. `before` are sessions from
        before the list was asked for."""
        now = self._clock.now()
        self.sessions.listed(rows, now)
        self.sessions.drop(before, (row.session_id for row in rows))
        for session_id, vendor_id in self.sessions.missing(rows, self.sessions.shown()):
            session = self.sessions.get(session_id)
            leg = None if session is None else session.by_vendor(vendor_id)
            if session is not None and leg is not None:
                self.sessions.end(session, leg, HangupCause.LOST_CONTACT, now)
        self._questions.keep({one.session_id for one in self.sessions.all()})
        self._connected = True
        found = self.sessions.calls()
        log.info("switch_connected", identity=self._identity, calls=len(found))
        self.tell([SwitchConnected(calls=found, at=now)])
        for session in self.sessions.all():
            self.tell(self.sessions.dialled(session, now))
        self._wake.set()

    def _lost(self) -> None:
        if not self._connected:
            return
        self._connected = False
        self.sessions.reset()
        log.warning("switch_disconnected", identity=self._identity, reason=self._reason)
        self.tell([SwitchDisconnected(at=self._clock.now(), reason=self._reason)])

    async def _open_letters(self, *, unread: bool = True) -> None:
        """Those that came. Not `unread`: they are older than the list that is going to be read,
        and would bring back calls that are over."""
        try:
            while letters := await self._post.letters():
                for letter in letters if unread else ():
                    self._open(letter)
                await self._keep_names()
                await self._post.read(letters)
        except Exception as error:
            # What the list says goes on being told; letters are read when they can be.
            log.warning("uis.letters_unread", identity=self._identity, error=str(error))

    def _open(self, letter: Letter) -> None:
        note = wire.notification(letter.body)
        if note is None:
            self.sessions.ignored["unreadable notification"] += 1
            log.warning("uis.notification_unreadable", identity=self._identity, letter=letter.id)
            return
        self.tell(self.sessions.heard(note, self._clock.now()))
        session = self.sessions.get(note.session_id)
        if session is not None and note.event in ("ended", "lost"):
            self.endings.over(session)
        self.look_soon()

    async def _keep_names(self) -> None:
        self._unkept += self.sessions.newly_named()
        try:
            while self._unkept:
                await self._post.name(*self._unkept[0])
                del self._unkept[0]
        except Exception as error:
            log.warning("uis.names_unkept", identity=self._identity, error=str(error))

    # ── questions ──

    async def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """Where the cloud is to send a call. It may ask before any notification told of it."""
        session = self._asked_about(question)
        if session is None and self._connected:
            session_id = wire.whole(question.get("call_session_id"))
            caller, called = wire.text(question.get("numa")), wire.text(question.get("numb"))
            if session_id is not None and caller and called:
                body = {
                    "event": "incoming",
                    "call_session_id": session_id,
                    "contact_phone_number": caller,
                    "virtual_phone_number": called,
                }
                self._open(Letter(0, body))
            else:
                await self._look()
            session = self._asked_about(question)
        if session is None:
            log.warning("uis.question_of_unknown_call", identity=self._identity)
            return {"returned_code": UNKNOWN}
        self.endings.silent(session)
        answer = await self._questions.answer(session.session_id)
        log.info(
            "uis.question_answered", call=session.call_id, phones=len(answer.get("phones", ()))
        )
        self.look_soon(FAST_S)
        return answer

    def _asked_about(self, question: dict[str, Any]) -> Session | None:
        session_id = wire.whole(question.get("call_session_id"))
        if session_id is not None:
            return self.sessions.get(session_id)
        return self.sessions.waiting(
            names.digits(question.get("numa")), names.digits(question.get("numb"))
        )
