"""Which number the called party sees: every combination of what may be chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.account_settings import AllSettings, OutgoingSettings
from backend.errors import NoDevice, NotAllowed
from backend.services.caller_id import account_numbers, caller_id, remembered
from backend.services.routing import AccountRoute, EmployeeRoute, VirtualNumber
from tests.unit.services.stage import ANNA, account, employee

CLICKS, LINE, OWN, TRUNK = "+74951110001", "+74951110002", "+74951110003", "+74951110004"


def _account(default: str | None, *, override: bool) -> AccountRoute:
    outgoing = OutgoingSettings(default_caller_id=default, override_caller_id=override)
    return replace(
        account(),
        virtual_numbers=tuple(
            VirtualNumber(number=number, name=None, scenario=None) for number in (CLICKS, LINE, OWN)
        ),
        caller_id=TRUNK,
        settings=AllSettings(outgoing=outgoing),
    )


def _anna(own: str | None = None, *, choice: bool = False) -> EmployeeRoute:
    return replace(employee(ANNA, "101"), caller_id=own, caller_id_choice=choice)


@pytest.mark.feature("B5")
@pytest.mark.feature("A4")
@given(
    default=st.sampled_from([None, CLICKS]),
    override=st.booleans(),
    own=st.sampled_from([None, OWN]),
    line=st.sampled_from(["", LINE, "+79990000000", "REST_APP:3"]),
    registered=st.booleans(),
)
def test_override_beats_all_and_the_default_is_for_those_without_a_line(
    default: str | None, override: bool, own: str | None, line: str, registered: bool
) -> None:
    route = _account(default, override=override)
    if (override or not registered) and default is None:
        with pytest.raises(NoDevice) as refused:
            caller_id(route, _anna(own), registered=registered, line=line)
        assert refused.value.data["reason"] == "no_caller_id"
        return
    shown = caller_id(route, _anna(own), registered=registered, line=line)
    if override or not registered:
        assert shown == CLICKS
    elif own is not None:
        assert shown == own
    else:
        assert shown == (LINE if line == LINE else default or TRUNK)


@pytest.mark.feature("W14")
def test_who_may_choose_chooses_among_the_account_s_numbers() -> None:
    route = _account(CLICKS, override=False)
    anna = _anna(OWN, choice=True)
    assert caller_id(route, anna, registered=True, chosen="8 495 111-00-02") == LINE
    assert caller_id(route, anna, registered=False, chosen=LINE) == LINE
    for route_, who, number in (
        (route, anna, "+79990000000"),
        (route, _anna(OWN), LINE),
        (_account(CLICKS, override=True), anna, LINE),
    ):
        with pytest.raises(NotAllowed) as refused:
            caller_id(route_, who, registered=True, chosen=number)
        assert refused.value.data["reason"] == "caller_id_not_allowed"
    assert caller_id(_account(CLICKS, override=True), _anna(), registered=True, chosen=CLICKS) == (
        CLICKS
    )


def test_an_account_s_numbers_are_listed_once_in_its_order() -> None:
    assert account_numbers(_account(LINE, override=False)) == (CLICKS, LINE, OWN, TRUNK)


@pytest.mark.feature("W14")
def test_a_customer_sees_the_number_he_knows_before_the_default() -> None:
    route = _account(CLICKS, override=False)
    assert caller_id(route, _anna(), registered=True, last=LINE) == LINE
    # Whoever said what is to be shown is asked first.
    assert caller_id(route, _anna(OWN), registered=True, last=LINE) == OWN
    assert caller_id(route, _anna(), registered=True, line=OWN, last=LINE) == OWN
    assert caller_id(_account(CLICKS, override=True), _anna(), registered=True, last=LINE) == CLICKS
    # Without a registered line the number for clicks is what is shown (L1292).
    assert caller_id(route, _anna(), registered=False, last=LINE) == CLICKS


@pytest.mark.feature("W14")
def test_toll_free_and_lent_numbers_are_not_remembered() -> None:
    free, lent = "+78005553535", "+74951110009"
    route = _account(CLICKS, override=False)
    numbers = (
        *route.virtual_numbers,
        VirtualNumber(number=free, name=None, scenario=None),
        VirtualNumber(number=lent, name=None, scenario=None, pool=True),
    )
    route = replace(route, virtual_numbers=numbers)
    assert remembered(route) == (CLICKS, LINE, OWN, TRUNK)
    off = AllSettings(outgoing=OutgoingSettings(last_used=False))
    assert remembered(replace(route, settings=off)) == ()
