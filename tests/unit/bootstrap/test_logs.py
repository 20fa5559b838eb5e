"""Whoever logs, a number and a token do not get out."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from backend.bootstrap.logs import log_to


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_librarys_failure_is_masked_and_has_our_shape(stream: io.StringIO) -> None:
    log_to(stream, form="json")
    try:
        raise OSError("GET https://portal.test/rest?auth=0123456789abcdef failed")
    except OSError:
        logging.getLogger("procrastinate.worker").exception(
            "Job portal.finish[7](number='%s', call_id='c-1') ended with status: Error",
            "+79161234567",
        )
    [line] = stream.getvalue().splitlines()
    said = json.loads(line)
    assert "+79161234567" not in line
    assert "0123456789abcdef" not in line
    assert said["level"] == "error"
    assert "call_id='c-1'" in said["event"]
    assert "OSError" in said["exception"]


def test_our_own_lines_are_masked_too(stream: io.StringIO) -> None:
    log_to(stream, form="json")
    structlog.get_logger().info("call.rings", number="+79161234567", token="abcdef", call="c-1")
    said = json.loads(stream.getvalue())
    assert (said["number"], said["token"], said["call"]) == ("+7…67", "[hidden]", "c-1")


def test_libraries_are_not_heard_below_a_warning(stream: io.StringIO) -> None:
    log_to(stream, level="debug")
    logging.getLogger("httpx").info("HTTP Request: GET https://portal.test/rest?auth=secret")
    assert stream.getvalue() == ""
