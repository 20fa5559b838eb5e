"""One realistic message of the dialer for each kind, as `samples` has them of everything else."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from protocol import dialer
from protocol.dialer_words import (
    AttemptOutcome,
    DispositionEffect,
    ItemId,
    ItemPhase,
    ItemReason,
    ListId,
    ListMode,
    ListPurpose,
    ListState,
    RunState,
    WaitReason,
)
from protocol.frames import Command, Push
from protocol.vocabulary import CallId, CommandId, EmployeeId, StreamName

_AT = datetime(2026, 3, 2, 9, 15, 30, tzinfo=UTC)
_LATER = datetime(2026, 3, 2, 9, 15, 50, tzinfo=UTC)
_TOMORROW = datetime(2026, 3, 3, 7, 0, tzinfo=UTC)
_LIST, _ITEM, _OTHER = ListId("l_renewals"), ItemId("i_4021"), ItemId("i_4022")
_ID = CommandId("k3VmP0aa")

_COUNTS = dialer.DialerCounts(loaded=120, waiting=74, in_hand=3, done=38, excluded=5)
_BRIEF = dialer.DialerList(
    id=_LIST,
    name="Продление договоров",
    purpose=ListPurpose.SERVICE,
    mode=ListMode.PREVIEW,
    state=ListState.OPEN,
    team=True,
    preview_s=20,
    wrap_up_s=60,
    counts=_COUNTS,
    may_edit=False,
    source="amocrm",
    taken=120,
    offered=340,
)
_PERSON = dialer.DialerItem(
    id=_ITEM,
    fence=4,
    phase=ItemPhase.SHOWN,
    name="Мария Седова",
    numbers=[
        dialer.DialerNumber(
            number="+74950000117", refusal=None, last=AttemptOutcome.BUSY, attempts=1
        ),
        dialer.DialerNumber(number="+74950000118", refusal=ItemReason.DO_NOT_CALL),
    ],
    record=dialer.DialerRecord(
        kind="deal", id="9001", url="https://svet.amocrm.example/leads/detail/9001"
    ),
    attempts=1,
    outcome=AttemptOutcome.BUSY,
    zone="Europe/Moscow",
)
_REFUSED = dialer.DialerItem(
    id=_OTHER,
    fence=0,
    phase=ItemPhase.EXCLUDED,
    name="Седова М.",
    numbers=[dialer.DialerNumber(number="+74950000117")],
    record=None,
    reason=ItemReason.SAME_PERSON,
    reason_text="Тот же человек уже есть в списке",
    same_as=_ITEM,
)

COMMANDS: tuple[Command, ...] = (
    dialer.ListLists(id=_ID),
    dialer.ListItems(id=_ID, list_id=_LIST, part="excluded"),
    dialer.StartList(id=_ID, list_id=_LIST, blend=True),
    dialer.StopList(id=_ID),
    dialer.BlendList(id=_ID, on=False),
    dialer.DialItem(id=_ID, item_id=_ITEM, fence=4, number="+74950000117"),
    dialer.SkipItem(id=_ID, item_id=_ITEM, fence=4),
    dialer.NextItem(id=_ID, item_id=_ITEM, fence=4),
    dialer.TypeOn(id=_ID, item_id=_ITEM, fence=4),
    dialer.DisposeItem(
        id=_ID,
        item_id=_ITEM,
        fence=4,
        disposition="callback",
        note="Просит перезвонить утром",
        callback_at=_TOMORROW,
        callback_mine=False,
    ),
    dialer.RemoveItem(id=_ID, list_id=_LIST, item_id=_OTHER),
    dialer.MoveItem(id=_ID, list_id=_LIST, item_id=_OTHER, before=_ITEM),
    dialer.RefreshList(id=_ID, list_id=_LIST, item_id=_OTHER),
    dialer.RepeatList(id=_ID, list_id=_LIST, outcomes=[AttemptOutcome.NO_ANSWER]),
    dialer.ResetList(id=_ID, list_id=_LIST),
)

PUSHES: tuple[Push, ...] = (
    dialer.DialerChanged(
        stream=StreamName.ME,
        entity="dialer",
        version=1772442930250000,
        state=RunState.RUNNING,
        since=_AT,
        current=_BRIEF,
        in_hand=dialer.DialerInHand(
            item=_PERSON,
            since=_AT,
            until=_LATER,
            press=False,
            call_id=CallId("c_7f3a91d2"),
            number="+74950000117",
            callback=False,
        ),
        blend=True,
        dispositions=[
            dialer.DialerDisposition(
                id="agreed", name="Договорились", effect=DispositionEffect.DONE, reached=True
            )
        ],
        waits=WaitReason.ON_CALL,
        refusal=None,
        next_at=_LATER,
    ),
    dialer.ColleagueDialerChanged(
        stream=StreamName.COLLEAGUES,
        entity="dialer:e_102",
        version=1772442930250000,
        employee_id=EmployeeId("e_102"),
        on_list=True,
        blend=False,
        since=_AT,
        list_id=_LIST,
        list_name="Продление договоров",
    ),
)

RESULTS: dict[str, msgspec.Struct] = {
    "dialer_lists": dialer.DialerLists(lists=[_BRIEF]),
    "dialer_items": dialer.DialerItems(items=[_PERSON, _REFUSED], next="74"),
    "dialer_check": dialer.DialerCheck(counts=_COUNTS, refused=[_REFUSED], waits=[]),
}
"""What the `result` of a Reply may hold, by the file name of its golden copy."""
