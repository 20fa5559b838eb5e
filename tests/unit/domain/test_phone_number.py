"""Numbers as they come in become one spelling; what is no number stays."""

from __future__ import annotations

import pytest

from backend.domain.phone_number import canonical


@pytest.mark.feature("W4")
@pytest.mark.parametrize(
    "spelling",
    ["79161234501", "89161234501", "9161234501", "+7 916 123-45-01", "8 (916) 123-45-01"],
)
def test_every_spelling_of_a_number_is_one_number(spelling: str) -> None:
    assert canonical(spelling) == "+79161234501"


def test_a_foreign_number_keeps_its_country() -> None:
    assert canonical("+49 30 123456") == "+4930123456"
    assert canonical("030 123456", region="DE") == "+4930123456"


@pytest.mark.parametrize("text", ["", "101", "anonymous", "*77"])
def test_what_is_no_public_number_stays_as_it_came(text: str) -> None:
    assert canonical(text) == text
