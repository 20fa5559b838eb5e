"""`python -m tests.bench`: the full measurement, its figures written into docs/performance.md."""

from __future__ import annotations

import asyncio
import sys

import uvloop

from tests.bench.run import main, options

uvloop.install()
asyncio.run(main(options(sys.argv[1:] or ["--write", "docs/performance.md"])))
