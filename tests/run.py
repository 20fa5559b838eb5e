"""All tests: `python -m tests.run`. Pytest is the one runner; the widget's suite is one of its
tests, because it folds transcripts that other tests have just written. Two processes share them
(see `conftest`); what is asked for by name runs in one."""

from __future__ import annotations

import os
import sys

import pytest

from tests.features import FULL_RUN


def main() -> int:
    os.environ[FULL_RUN] = "1"
    asked = sys.argv[1:]
    shared = [] if asked else ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
    return int(pytest.main(["-q", "--durations=15", *shared, *asked]))


if __name__ == "__main__":
    sys.exit(main())
