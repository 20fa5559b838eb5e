from __future__ import annotations

import pytest

from backend.domain.browser_line import browser_device, browser_endpoint, browser_username
from backend.services.routing import EmployeeRoute
from protocol.vocabulary import EmployeeId

ILYA = EmployeeId("ilya")


def test_the_line_is_named_by_account_and_extension() -> None:
    route = EmployeeRoute(employee_id=ILYA, name="Ilya", extension="101", devices=())
    assert browser_endpoint("sever", route) == "PJSIP/sever-b101"
    assert browser_username("sever", ILYA, "101") == "sever-b101"


def test_without_an_extension_the_id_stands_for_the_person_and_for_nobody_else() -> None:
    names = {browser_username("sever", EmployeeId(f"e{n}"), None) for n in range(500)}
    assert len(names) == 500
    assert all(name.startswith("sever-bx") and len(name) == 18 for name in names)


@pytest.mark.feature("W1")
def test_the_line_rings_before_every_number_and_picks_up_when_told() -> None:
    device = browser_device("sever", ILYA, "101")
    assert (device.kind, device.endpoint) == ("browser", "PJSIP/sever-b101")
    assert device.priority < 1
    assert device.auto_answer
