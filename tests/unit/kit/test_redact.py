"""Logs carry ids, never a whole number or a secret."""

from __future__ import annotations

from typing import Any

import pytest

from backend.kit.redact import mask_number, mask_text, redact


def _cleaned(**event: Any) -> dict[str, Any]:
    return dict(redact(None, "info", dict(event)))


@pytest.mark.parametrize(
    "key, value, shown",
    [
        ("number", "+79991234567", "+7…67"),
        ("caller_number", "8 (999) 123-45-67", "8…67"),
        ("phone", 79991234567, "7…67"),
        ("number", "101", "101"),
        ("event", "call from +79991234567 to 84951234567", "call from +7…67 to 8…67"),
        ("access_token", "abc", "[hidden]"),
        ("Authorization", "Bearer abc", "[hidden]"),
        ("client_secret", ["a", "b"], "[hidden]"),
        ("error", "GET /x?access_token=abcdef&id=5", "GET /x?access_token=[hidden]&id=5"),
        ("error", "Authorization: Bearer abcdef.ghi", "Authorization: Bearer [hidden]"),
        ("said", "AUTH_ID=abcdef&REFRESH_ID=ghijkl&AUTH_EXPIRES=3600",
         "AUTH_ID=[hidden]&REFRESH_ID=[hidden]&AUTH_EXPIRES=3600"),
        ("said", "auth[access_token]=abcdef&auth[domain]=one.test",
         "auth[access_token]=[hidden]&auth[domain]=one.test"),
        ("said", "auth%5Bapplication_token%5D=abcdef&ts=1",
         "auth%5Bapplication_token%5D=[hidden]&ts=1"),
        ("said", "APP_SID=abcdef", "APP_SID=[hidden]"),
        ("error", "X-Refresh-Token: abcdef", "X-Refresh-Token: [hidden]"),
        ("error", "401 expired_token: The access token", "401 expired_token: The access token"),
        ("url", "postgresql://u:pass@host/db", "postgresql://u:[hidden]@host/db"),
        ("body", b"anything", "<8 bytes>"),
        ("call_id", "0190a3b2-1111-7222-8333-444455556666", "0190a3b2-1111-7222-8333-444455556666"),
        ("lease_token", 7, 7),
        ("ticket_ttl_s", 30.0, 30.0),
        ("numbers", 12, 12),
        ("since", "2026-03-02T09:00:00.123456Z", "2026-03-02T09:00:00.123456Z"),
        ("at_ms", 1772442000000, 1772442000000),
        ("session_id", "abc", "abc"),
    ],
)  # fmt: skip
def test_each_kind_of_value(key: str, value: Any, shown: Any) -> None:
    assert _cleaned(**{key: value})[key] == shown


def test_nested_values_are_cleaned_too() -> None:
    cleaned = _cleaned(request={"auth": [{"refresh_token": "r"}], "to": "+79991234567"})
    assert cleaned == {"request": {"auth": [{"refresh_token": "[hidden]"}], "to": "+7…67"}}


def test_an_exceptions_text_is_cleaned() -> None:
    assert "1234567" not in _cleaned(error=ValueError("no such number +79991234567"))["error"]


def test_masking_keeps_the_ends_and_leaves_extensions() -> None:
    assert mask_number("+4930123456") == "+4…56"
    assert mask_number("10203") == "10203"
    assert mask_text("nothing to hide 12345678901234567890") == (
        "nothing to hide 12345678901234567890"
    )
