"""A call that went past an unready browser is told in the portal's notifications."""

from __future__ import annotations

import pytest

from backend.errors import CrmUnavailable
from backend.services.passed_calls import PassedCalls
from protocol.vocabulary import AccountId, EmployeeId
from tests.fakes import idle

ACC, ANNA = AccountId("acc"), EmployeeId("anna")


class Notifications:
    def __init__(self, *, down: bool = False) -> None:
        self.told: list[tuple[str, str, str]] = []
        self.down = down

    async def notify(self, user_id: str, text: str, tag: str) -> None:
        if self.down:
            raise CrmUnavailable("503")
        self.told.append((user_id, text, tag))


def calls(
    portal: Notifications | None, *, region: str = "RU", user: str | None = "7"
) -> PassedCalls:
    return PassedCalls(
        portals=lambda _: portal, crm_user=lambda _, __: user, region=lambda _: region
    )


@pytest.mark.feature("W10")
@pytest.mark.parametrize(("region", "word"), [("RU", "прошёл мимо"), ("DE", "went past")])
async def test_it_is_told_in_the_language_of_the_country(region: str, word: str) -> None:
    portal = Notifications()
    passed = calls(portal, region=region)
    passed.passed(ACC, ANNA, "+79161234567")
    await idle()
    [(user, text, tag)] = portal.told
    assert (user, tag) == ("7", "DOZVON|PHONE|7")
    assert word in text
    assert "+79161234567" in text
    assert "  " not in text
    await passed.aclose()


async def test_a_portal_that_is_down_or_absent_harms_nothing() -> None:
    for one in (calls(Notifications(down=True)), calls(None), calls(Notifications(), user=None)):
        one.passed(ACC, ANNA, "+79161234567")
        await idle()
        await one.aclose()
