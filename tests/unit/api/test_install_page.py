"""What a portal says of itself stands in the installation page as text, never as markup."""

from __future__ import annotations

import pytest

from backend.api.install_page import Frame, ask_code, joined, told

HOSTILE = "</script><img src=x onerror=alert(1)>"


def body(response: object) -> str:
    text = bytes(response.body).decode()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("locale", ["ru", "en"])
def test_nothing_a_portal_says_becomes_markup(locale: str) -> None:
    frame = Frame(locale=locale, sid="s")
    pages = [
        ask_code(frame, pending_id=HOSTILE, portal=HOSTILE, client_id=HOSTILE, secret=True),
        joined(
            frame, portal=HOSTILE, account=HOSTILE, refused=[HOSTILE], later=True, in_portal=True
        ),
        told(frame, "not_admin", HOSTILE),
        told(frame, "other_connected", HOSTILE),
    ]
    for page in pages:
        assert "<img" not in body(page)
        assert "</script><" not in body(page).replace("</script></head>", "").replace(
            '</script><script type="module"', ""
        )
        assert page.headers["cache-control"] == "no-store"


def test_trouble_is_read_before_the_portal_is_told() -> None:
    frame = Frame(locale="en", sid="s")
    page = body(
        joined(frame, portal="https://p", account="A", refused=["x"], later=False, in_portal=True)
    )
    assert '"finish":"asked"' in page
    assert "Finish the installation" in page


def test_who_has_no_name_is_addressed_all_the_same() -> None:
    assert "<p>Приложение может" in body(told(Frame(locale="ru"), "not_admin", ""))
