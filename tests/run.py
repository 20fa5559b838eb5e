"""All tests: `python -m tests.run`. Pytest is the one runner; the widget's suite is one of its
tests, because it folds transcripts that other tests have just written."""

from __future__ import annotations

import os
import sys

import pytest

from tests.conftest import FULL_RUN


def main() -> int:
    os.environ[FULL_RUN] = "1"
    return int(pytest.main(["-q", "--durations=15", *sys.argv[1:]]))


if __name__ == "__main__":
    sys.exit(main())
