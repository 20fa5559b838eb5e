"""The answer to "who would ring now" knows whoever works through a list."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.scenario import Step
from backend.services.who_rings import Now, who_rings
from tests.unit.services.stage import ANNA, START, account, employee


def test_somebody_on_a_list_is_left_out_and_it_says_why() -> None:
    anna = replace(employee(ANNA, "101"), on_list=True)
    route = account(Step(employees=(ANNA,), timeout_s=20), people=(anna,))
    scenario = route.virtual_numbers[0].scenario
    assert scenario is not None
    codes = [line.code for line in who_rings(route, scenario, START, Now())]
    assert "person_on_list" in codes
    assert "person_rings" not in codes
