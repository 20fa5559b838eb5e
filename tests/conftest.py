"""Fixtures every test may use, and the account of what a full run proved."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from xdist.scheduler import LoadScopeScheduling

from tests import features

_PASSED: dict[str, set[str]] = {}
_FAILED: set[tuple[str, str]] = set()
BROWSERS = "tests/e2e"
PATH, IDS = "path", "features"


@pytest.fixture
def anyio_backend() -> str:
    """The server runs on asyncio alone, so its tests do too."""
    return "asyncio"


@pytest.fixture(autouse=True)
def logs_of_its_own() -> Iterator[None]:
    """A command that was run inside a test left its logger writing to that test's output."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser of the browser tests."""
    path = os.environ.get("DOZVON_TEST_CHROMIUM") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.fail("no Chromium: run `make test`, or set DOZVON_TEST_CHROMIUM")
    return path


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    ids = {str(mark.args[0]) for mark in item.iter_markers("feature") if mark.args}
    # Written on the report: in a full run the test has another process than the account.
    report.user_properties.append((PATH, str(item.path.relative_to(features.ROOT))))
    report.user_properties.append((IDS, sorted(ids)))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    about = dict(report.user_properties)
    path, ids = str(about.get(PATH)), about.get(IDS)
    if not isinstance(ids, list):
        return
    if report.when == "call" and report.passed:
        _PASSED.setdefault(path, set()).update(ids)
    elif report.failed or report.skipped:
        _FAILED.update((path, feature) for feature in ids)


class _Rooms(LoadScopeScheduling):  # type: ignore[misc]
    """A full run has two processes that share it file by file. What drives browsers stays in one
    of them and comes last: a browser wants the machine for itself, or its pages answer late."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return BROWSERS if file.startswith(BROWSERS) else file


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.is_relative_to(features.ROOT / BROWSERS))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Rooms:
    return _Rooms(config, log)


def _faults() -> list[str]:
    passed = {
        path: {feature for feature in ids if (path, feature) not in _FAILED}
        for path, ids in _PASSED.items()
    }
    return features.run_faults(passed)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        return  # one of the processes: the account is the other's
    if os.environ.get(features.FULL_RUN) and session.exitstatus == 0 and _faults():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get(features.FULL_RUN):
        for fault in _faults():
            terminalreporter.write_line(f"features: {fault}", red=True)
