"""A slip of the pen stops the start and is named; secrets do not show."""

from __future__ import annotations

import base64

import pytest

from backend.errors import SettingsError
from backend.settings import Settings, table

KEY = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "name, value",
    [
        ("DOZVON_RECORDINGS_URL", "https://bucket"),
        ("DOZVON_RECORDINGS_KEY", "half-of-it"),
        ("DOZVON_REDIS_URI", "redis://127.0.0.1"),
        ("DOZVON_PORT", "eighty"),
        ("DOZVON_PORT", "70000"),
        ("DOZVON_WORKER_PORT", "-1"),
        ("DOZVON_SANDBOX", "perhaps"),
        ("DOZVON_LOG_LEVEL", "loud"),
        ("DOZVON_LOG_FORMAT", "xml"),
        ("DOZVON_PUBLIC_URL", "phone.example.com"),
        ("DOZVON_DATABASE_URL", "mysql://h/d"),
        ("DOZVON_REDIS_URL", "127.0.0.1:6379"),
        ("DOZVON_ARI_URL", "http://127.0.0.1:8088"),
        ("DOZVON_UIS_URL", "https://callapi.uiscom.ru/v4.0"),
        ("DOZVON_UIS_SECRET", "short"),
        ("DOZVON_UIS_HOLD", "music"),
        ("DOZVON_UIS_POLL_S", "1"),
        ("DOZVON_UIS_ANSWER_MS", "60000"),
        ("DOZVON_SECRET_KEYS", "k1:short"),
        ("DOZVON_REGION", "Russia"),
        ("DOZVON_MAX_UNAUTHENTICATED", "0"),
        ("DOZVON_TRUSTED_PROXIES", "10.0.0.0/8,proxy.example.com"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({name: value})


def test_others_variables_are_left_alone() -> None:
    assert Settings.from_env({"PORT": "9", "PATH": "/bin"}) == Settings()


def test_what_a_variable_says_beats_the_default_and_an_override_beats_both() -> None:
    settings = Settings.from_env({"DOZVON_PORT": "9000", "DOZVON_SANDBOX": "yes"}, port=9001)
    assert (settings.port, settings.sandbox) == (9001, True)


def test_the_ring_keeps_its_order() -> None:
    assert list(Settings(secret_keys=f"k2:{KEY}, k1:{KEY}").keys()) == ["k2", "k1"]


def test_browsers_are_told_the_public_address() -> None:
    settings = Settings(public_url="https://phone.example.com/dozvon/")
    assert settings.base_url == "https://phone.example.com/dozvon"
    assert settings.origin == "https://phone.example.com"
    assert Settings(port=9000).origin == "http://127.0.0.1:9000"


def test_printed_settings_hold_no_secret() -> None:
    secret = "very-secret"
    settings = Settings(
        recordings_secret=secret,
        database_url=f"postgresql://dozvon:{secret}@h/d",
        redis_url=f"redis://:{secret}@h/0",
        secret_keys=secret,
        ari_password=secret,
    )
    assert secret not in repr(settings)


def test_every_setting_says_what_it_is() -> None:
    for name, _default, what in table():
        assert what.endswith("."), name
