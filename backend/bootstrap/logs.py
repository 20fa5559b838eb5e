"""One way out for every line that is logged, whoever wrote it: masked, on standard error."""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

from backend.kit.redact import redact


def log_to(stream: TextIO | None = None, *, level: str = "info", form: str = "text") -> None:
    """`level` is one of the settings' words, `form` text or json.

    Libraries log through the standard library, and what they log of a failure carries its
    arguments: a job's number, an address with a token. They take the same way as our own lines.
    """
    out = stream or sys.stderr
    numeric = getattr(logging, level.upper())
    last: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    stamped: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *stamped, redact, last],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(out),
        # Not kept by each module: what is set up anew, by a test for one, holds for all of them.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                *stamped,
            ],
            processors=[ProcessorFormatter.remove_processors_meta, redact, last],
        )
    )
    root = logging.getLogger()
    for known in tuple(root.handlers):
        root.removeHandler(known)
    root.addHandler(handler)
    # Below a warning libraries tell of every request they make.
    root.setLevel(max(numeric, logging.WARNING))
