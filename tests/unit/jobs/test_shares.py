"""One account's jobs leave places to the others."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from backend.errors import NotYet
from backend.jobs.shares import Shares


def test_an_account_that_has_its_share_is_turned_away_and_others_are_not() -> None:
    shares = Shares(2)
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(shares.place("default", "alpha"))
        waits = []
        for _ in range(3):
            with pytest.raises(NotYet) as caught, shares.place("default", "alpha"):
                pass
            waits.append(caught.value.retry_after_s or 0)
        assert waits == sorted(set(waits)), "they come back one after another"
        for queue, account in (("default", "beta"), ("inbox", "alpha"), ("default", None)):
            with shares.place(queue, account):
                pass
    with shares.place("default", "alpha"), shares.place("default", "alpha"):
        pass


def test_a_job_that_failed_gives_its_place_back() -> None:
    shares = Shares(1)
    for _ in range(3):
        with pytest.raises(KeyError), shares.place("default", "alpha"):
            raise KeyError
