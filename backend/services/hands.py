"""Raised hands: an operator asks for help without a word to the customer (M17).

A hand lives on the bus only, in a stream the board's keeper follows: it is about this minute. What
was asked and who came is written down for later.
"""

from __future__ import annotations

import msgspec

from backend.errors import NotFound
from backend.kit.clock import Clock
from backend.services.board.streams import hands_stream
from backend.services.ports import Bus, Publication, me_stream
from backend.services.ports.board import BoardDeed, BoardRows, Deed
from protocol.board import HandChanged
from protocol.vocabulary import AccountId, CallId, EmployeeId, StreamName


class _Entity(msgspec.Struct, frozen=True):
    entity: str


_hand = msgspec.json.Decoder(HandChanged)
_entity = msgspec.json.Decoder(_Entity)


class Hands:
    def __init__(self, bus: Bus, rows: BoardRows, clock: Clock) -> None:
        self._bus = bus
        self._rows = rows
        self._clock = clock

    async def up(
        self, account_id: AccountId, employee_id: EmployeeId, reason: str, call_id: CallId | None
    ) -> None:
        """`call_id`: the talk it is about. Raises NotFound when it is not on the asker's screen."""
        if call_id is not None and not await self._has(account_id, employee_id, call_id):
            raise NotFound("no such call")
        hand = self._new(raised=True, reason=reason.strip(), call_id=call_id)
        await self._tell(account_id, employee_id, hand)
        await self._note(account_id, employee_id, "hand_raised", employee_id, hand)

    async def down(self, account_id: AccountId, employee_id: EmployeeId) -> None:
        """The operator needs no help any more. Without a raised hand nothing happens."""
        known = await self._find(account_id, employee_id)
        if known is not None and known.raised:
            await self._tell(account_id, employee_id, self._new(raised=False))
            await self._note(account_id, employee_id, "hand_lowered", employee_id, known)

    async def answer(
        self,
        account_id: AccountId,
        employee_id: EmployeeId,
        by: EmployeeId,
        name: str,
        *,
        done: bool,
    ) -> None:
        """A supervisor (`name`) is coming; `done`: helped, the hand goes down. Raises NotFound
        when no hand is up."""
        known = await self._find(account_id, employee_id)
        if known is None or not known.raised:
            raise NotFound("no raised hand", why="board_no_hand")
        answered = msgspec.structs.replace(known, answered_by=name)
        await self._tell(account_id, employee_id, self._new(raised=False) if done else answered)
        deed: BoardDeed = "hand_lowered" if done else "hand_answered"
        await self._note(account_id, by, deed, employee_id, known)

    async def _find(self, account_id: AccountId, employee_id: EmployeeId) -> HandChanged | None:
        read = await self._bus.read(hands_stream(account_id), None)
        hands = (_hand.decode(delivery.frame) for delivery in read.deliveries)
        return next((hand for hand in hands if hand.entity == f"hand:{employee_id}"), None)

    async def _has(self, account_id: AccountId, employee_id: EmployeeId, call_id: CallId) -> bool:
        read = await self._bus.read(me_stream(account_id, employee_id), None)
        return any(_entity.decode(d.frame).entity == f"call:{call_id}" for d in read.deliveries)

    def _new(self, *, raised: bool, reason: str = "", call_id: CallId | None = None) -> HandChanged:
        return HandChanged(
            stream=StreamName.ME,
            entity="hand",
            version=0,
            raised=raised,
            reason=reason,
            call_id=call_id,
            since=self._clock.now(),
        )

    async def _tell(
        self, account_id: AccountId, employee_id: EmployeeId, hand: HandChanged
    ) -> None:
        version = await self._bus.next_version(f"hand:{account_id}:{employee_id}")
        own = msgspec.structs.replace(hand, entity="hand", version=version)
        theirs = msgspec.structs.replace(own, entity=f"hand:{employee_id}")
        await self._bus.publish(
            [
                Publication(me_stream(account_id, employee_id), own),
                Publication(hands_stream(account_id), theirs),
            ]
        )

    async def _note(
        self,
        account_id: AccountId,
        by: EmployeeId,
        what: BoardDeed,
        employee_id: EmployeeId,
        hand: HandChanged,
    ) -> None:
        await self._rows.note(
            account_id,
            Deed(
                at=self._clock.now(),
                by=by,
                what=what,
                employee_id=employee_id,
                call_id=hand.call_id,
                detail={"reason": hand.reason} if hand.reason else None,
            ),
        )
