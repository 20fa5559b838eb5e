"""What people read in their CRM, by the account's country."""

from __future__ import annotations

import pytest

from backend.services.call_words import language_of, why
from protocol.vocabulary import HangupCause


@pytest.mark.parametrize("region, language", [("RU", "ru"), ("KZ", "ru"), ("DE", "en")])
def test_the_country_says_the_language(region: str, language: str) -> None:
    assert language_of(region) == language


def test_every_cause_has_words_in_both_languages() -> None:
    for cause in HangupCause:
        russian, english = why(cause, "ru"), why(cause, "en")
        assert not russian.isascii()
        assert english.isascii()
        assert cause.value not in (russian, english)
