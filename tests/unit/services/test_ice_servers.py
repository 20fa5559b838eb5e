"""STUN and TURN servers for a browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from backend.services.ice_servers import VALID, IceConfig, IceServer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_without_settings_there_are_none() -> None:
    assert IceConfig().servers("anna", NOW) == ()


def test_stun_needs_no_password() -> None:
    config = IceConfig(stun_urls=("stun:a:3478",))
    assert config.servers("anna", NOW) == (IceServer(urls=("stun:a:3478",)),)


def test_a_turn_password_is_the_one_coturn_computes() -> None:
    """The expected value was computed apart:
    `printf 1772485200:anna | openssl dgst -sha1 -hmac north -binary | base64`."""
    config = IceConfig(turn_urls=("turn:b:3478?transport=udp",), turn_secret="north")
    (server,) = config.servers("anna", NOW)
    assert server.username == f"{int((NOW + VALID).timestamp())}:anna" == "1772485200:anna"
    assert server.credential == "R/tS7nndrsFnisJdqVCyhpnFK9s="


def test_each_person_and_moment_has_another_password() -> None:
    config = IceConfig(turn_urls=("turn:b",), turn_secret="north")
    asked = [
        config.servers("anna", NOW)[0].credential,
        config.servers("boris", NOW)[0].credential,
        config.servers("anna", NOW + timedelta(seconds=1))[0].credential,
    ]
    assert len(set(asked)) == 3


def test_the_printed_turn_server_takes_such_passwords_and_reaches_one_address() -> None:
    """What coturn 4.6.1 did with this file and these passwords: it relayed to the allowed address,
    and refused another address, a wrong password and one whose time was over."""
    text = (Path(__file__).parents[3] / "docs" / "coturn" / "turnserver.conf").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert {"use-auth-secret", "no-multicast-peers", "no-cli"} <= set(lines)
    keys = [line.partition("=")[0] for line in lines]
    assert keys.count("allowed-peer-ip") == 1
    assert "denied-peer-ip=0.0.0.0-255.255.255.255" in lines
    assert "user-quota" in keys
