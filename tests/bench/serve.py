"""Our server with synthetic employees, for a load client of another make.

    python -m tests.bench.serve [--sessions 1000] [--per-account 200] [--out bench-sessions.jsonl]

Starts a Valkey and the server, and writes one JSON line per employee: where to connect, with which
Origin, and the first frame to send. Then it prints the one Redis command that publishes a push to
an employee; `redis-cli` or any client can send it. Ends with Ctrl-C.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import signal
import time
from pathlib import Path

import uvloop

from backend.bus import keys, scripts
from backend.bus.line import Word
from backend.realtime.server import tune_gc
from backend.services.ports import me_stream
from protocol import pushes
from protocol.vocabulary import AccountId, EmployeeId
from tests import valkey
from tests.bench.child import serve
from tests.bench.load import ORIGIN
from tests.bench.subjects import ours, status_push


def publishing(account: str, employee: str) -> list[Word]:
    """The command that publishes one push to one employee: `EVALSHA` of the bus's script.

    The version has to grow from command to command (the time in microseconds does), or the push is
    dropped as old.
    """
    key = me_stream(AccountId(account), EmployeeId(employee))
    stream = keys.stream(key)
    version = time.time_ns() // 1000
    push = status_push(version)
    return scripts.call(
        "publish",
        [stream.state, stream.entities, stream.tombs, stream.log],
        [
            "0" * 16,
            keys.LOG_MAX,
            keys.LOG_TTL_S * 1000,
            keys.TOMBSTONE_TTL_S,
            keys.channel(key),
            push.entity,
            version,
            "0",
            pushes.tag(push),
            pushes.encode(push).decode(),
        ],
    )


async def main(options: argparse.Namespace) -> None:
    with valkey.running() as url:
        async with ours(url) as subject:
            server, port = await serve(subject.app)
            hellos = await subject.hellos(options.sessions, options.per_account)
            with Path(options.out).open("w", encoding="utf-8") as out:  # noqa: ASYNC230 - before start
                for number, hello in enumerate(hellos):
                    line = {
                        "url": f"ws://127.0.0.1:{port}/ws",
                        "origin": ORIGIN,
                        "account": f"a{number // options.per_account}",
                        "employee": f"e{number}",
                        "first_frame": hello.decode(),
                    }
                    out.write(json.dumps(line) + "\n")
            print(f"{options.sessions} sessions in {options.out}; tickets work once, for an hour")
            print(f"Redis: {url}")
            print("Publish to the first employee (raise the version, keep the keys):\n")
            words = [str(word) for word in publishing("a0", "e0")]
            print(f"redis-cli -u {url} {shlex.join(words)}\n", flush=True)
            tune_gc()
            loop = asyncio.get_running_loop()
            for name in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(name, setattr, server, "should_exit", True)
            await server.main_loop()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sessions", type=int, default=1_000)
    parser.add_argument("--per-account", type=int, default=200)
    parser.add_argument("--out", default="bench-sessions.jsonl")
    return parser.parse_args()


if __name__ == "__main__":
    uvloop.install()
    asyncio.run(main(arguments()))
