"""Debian's Kamailio: registrar and proxy of others, over WebSocket (RFC 7118).

It shows that our phone and our own switch do not merely fit each other. It passes on what it does
not understand and carries no sound: that goes from browser to browser.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

START_TIMEOUT_S = 10.0
DOMAIN = "sip.test"
PASSWORD = "of-everybody"
KAMAILIO = Path("/usr/sbin/kamailio")
MODULES = (
    *("kex", "corex", "tm", "tmx", "sl", "rr", "pv", "maxfwd", "usrloc", "registrar"),
    *("siputils", "textops", "xhttp", "websocket", "nathelper", "auth"),
)
ROUTES = """
request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  force_rport();
  if (is_method("REGISTER")) {
    if (!pv_www_authenticate("DOMAIN", "PASSWORD", "0")) { www_challenge("DOMAIN", "1"); exit; }
    fix_nated_register();
    if (!save("location")) sl_reply_error();
    exit;
  }
  if (nat_uac_test("64")) add_contact_alias();
  if (has_totag()) {
    if (loose_route() || t_check_trans()) { handle_ruri_alias(); t_relay(); }
    else if (!is_method("ACK")) sl_send_reply("404", "Not here");
    exit;
  }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  t_check_trans();
  if (is_method("OPTIONS")) { sl_send_reply("200", "OK"); exit; }
  if (!pv_proxy_authenticate("DOMAIN", "PASSWORD", "0")) { proxy_challenge("DOMAIN", "1"); exit; }
  consume_credentials();
  record_route();
  if (!lookup("location")) { sl_send_reply("404", "Not here"); exit; }
  t_relay();
}
onreply_route {
  if (nat_uac_test("64")) add_contact_alias();
}
event_route[xhttp:request] {
  if ($hdr(Upgrade) =~ "websocket" && ws_handle_handshake()) exit;
  xhttp_reply("200", "OK", "text/html", "<!doctype html>");
}
""".replace("DOMAIN", DOMAIN).replace("PASSWORD", PASSWORD)


@dataclass(frozen=True)
class Kamailio:
    """A running one; whoever knows `PASSWORD` may be anybody at `DOMAIN`."""

    ws_url: str
    page: str
    """An empty page. Its own: browsers keep pages of elsewhere from this machine's addresses."""


@contextmanager
def running_kamailio(directory: Path) -> Iterator[Kamailio]:
    if not KAMAILIO.exists():
        pytest.fail("no Kamailio: run `make test`, or apt install kamailio-websocket-modules")
    port = _free_port()
    settings = directory / "kamailio.cfg"
    settings.write_text(_settings(port))
    log = directory / "kamailio.log"
    with log.open("wb") as output:
        # In the foreground, with little memory, and its processes in a group of their own.
        process = subprocess.Popen(
            [
                *(str(KAMAILIO), "-DD", "-E", "-m", "16", "-M", "4"),
                *("-f", str(settings), "-Y", str(directory), "-P", str(directory / "pid")),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _listens(port):
            assert process.poll() is None, log.read_text()[-3000:]
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            time.sleep(0.05)
        yield Kamailio(f"ws://localhost:{port}/", f"http://localhost:{port}/")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _settings(port: int) -> str:
    head = [
        "#!KAMAILIO",
        "debug=1",
        "log_stderror=yes",
        "children=1",
        "tcp_children=1",
        "tcp_accept_no_cl=yes",
        "tcp_connection_lifetime=600",
        f"listen=tcp:127.0.0.1:{port}",
        *(f'loadmodule "{name}.so"' for name in MODULES),
        'modparam("usrloc", "db_mode", 0)',
        'modparam("registrar", "received_avp", "$avp(RECEIVED)")',
        'modparam("nathelper", "received_avp", "$avp(RECEIVED)")',
        # A browser's contact has a name nobody resolves.
        'modparam("websocket", "keepalive_mechanism", 0)',
    ]
    return "\n".join(head) + ROUTES


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0
