from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from backend.domain.tab_phone import TabPhone, holder, missing
from protocol.vocabulary import Microphone, PhonePart

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GRANTED = TabPhone(microphone=Microphone.GRANTED, connected=True, registered=True)


@dataclass(frozen=True)
class OneTab:
    session: str
    visible: bool = False
    sound: bool = True
    since: datetime = AT
    phone: TabPhone | None = GRANTED


def tab(name: str, **change: object) -> OneTab:
    return replace(OneTab(name), **change)  # type: ignore[arg-type]


@pytest.mark.feature("W9")
def test_the_phone_is_the_best_tab_and_everybody_picks_the_same() -> None:
    order = [
        tab("talks", sound=False, phone=replace(GRANTED, talking=True, taken=10)),
        tab("took-it-last", phone=replace(GRANTED, taken=9)),
        tab("took-it-before", visible=True, phone=replace(GRANTED, taken=3)),
        tab("in-front", visible=True),
        tab("oldest"),
        tab("youngest", since=AT + timedelta(seconds=1)),
        tab("silent", visible=True, sound=False, phone=replace(GRANTED, taken=12)),
    ]
    nobodys = [tab("no-phone", visible=True, phone=None)]
    nobodys += [
        tab(f"without-{state}", visible=True, phone=TabPhone(microphone=state))
        for state in Microphone
        if state is not Microphone.GRANTED
    ]
    while order:
        few = [*order[:4], *nobodys[:2]]
        assert {holder(tabs) for tabs in permutations(few)} == {order[0]}
        order.pop(0)
    assert holder(nobodys) is None


@pytest.mark.feature("W10")
@pytest.mark.parametrize(
    ("tabs", "lacks"),
    [
        ([], [PhonePart.TAB]),
        ([tab("a", phone=None)], [PhonePart.TAB]),
        ([tab("a")], []),
        ([tab("a", sound=False)], [PhonePart.SOUND]),
        ([tab("a", phone=replace(GRANTED, registered=False))], [PhonePart.REGISTRATION]),
        (
            [tab("a", phone=replace(GRANTED, connected=False, registered=False))],
            [PhonePart.SOCKET],
        ),
        (
            [
                tab("a", phone=TabPhone(microphone=Microphone.BLOCKED)),
                tab("b", phone=TabPhone(microphone=Microphone.ASK)),
            ],
            [PhonePart.MICROPHONE_ASK],
        ),
        (
            [tab("a", phone=TabPhone(microphone=Microphone.DENIED))],
            [PhonePart.MICROPHONE_DENIED],
        ),
    ],
)
def test_what_is_missing_is_said_of_the_tab_that_lacks_least(
    tabs: list[OneTab], lacks: list[PhonePart]
) -> None:
    assert missing(tabs) == lacks
