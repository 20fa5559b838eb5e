"""Ids can be read back and cannot be broken by what is put into them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from backend.telephony.asterisk import names
from protocol.vocabulary import CallId, LegId

TEXT = st.text(min_size=1).filter(lambda text: text.isprintable())


@given(call=TEXT, leg=TEXT)
def test_a_channel_id_is_safe_and_names_its_leg(call: str, leg: str) -> None:
    made = names.channel_id(CallId(call), LegId(leg))
    assert re.fullmatch(r"dz\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", made)
    assert names.leg_of(made) == (call, leg)


def test_ids_of_others_name_no_leg() -> None:
    for other in ("1772442000.17", "dz.c1", "dz..x", "dz.a.b.c", "xx.a.b", ""):
        assert names.leg_of(other) is None


def test_ordinary_ids_stay_readable() -> None:
    made = names.channel_id(CallId("0b7c-11"), LegId("agent-e1-2"))
    assert made == "dz.0b7c-11.agent-e1-2"


def test_an_inbound_call_id_is_stable_and_differs_between_switches() -> None:
    first = names.inbound_call("a", "1772442000.17")
    assert first == names.inbound_call("a", "1772442000.17")
    assert first != names.inbound_call("b", "1772442000.17")


def test_a_caller_id_cannot_escape_its_quotes() -> None:
    assert names.caller_id('Иван "Ваня" <1>\r\nX', "+7916") == '"Иван Ваня 1 X" <+7916>'
    assert names.caller_id("", "7916 <x>") == "7916x"
