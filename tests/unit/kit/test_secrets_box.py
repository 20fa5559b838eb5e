"""A sealed secret opens for its own row only, with a key that is still in the ring."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kit.secrets_box import SecretsBox, SecretUnreadable, new_key, parse_key_ring

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
BOX = SecretsBox({"k1": OLD})


@given(st.text())
def test_what_is_sealed_opens(plain: str) -> None:
    sealed = BOX.seal(plain, account_id="a", column="token")
    assert BOX.open(sealed, account_id="a", column="token") == plain


@pytest.mark.parametrize(
    "row", [("b", "token"), ("a", "secret"), ("at", "oken"), ("", "atoken")], ids=str
)
def test_another_row_or_column_does_not_open_it(row: tuple[str, str]) -> None:
    sealed = BOX.seal("x", account_id="a", column="token")
    with pytest.raises(SecretUnreadable):
        BOX.open(sealed, account_id=row[0], column=row[1])


@given(st.data())
def test_a_changed_byte_anywhere_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(BOX.seal("secret", account_id="a", column="c"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    sealed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SecretUnreadable):
        BOX.open(bytes(sealed), account_id="a", column="c")


@given(st.binary(max_size=200))
def test_garbage_is_refused_by_name(garbage: bytes) -> None:
    with pytest.raises(SecretUnreadable):
        BOX.open(garbage, account_id="a", column="c")


def test_the_same_secret_never_looks_the_same() -> None:
    assert len({BOX.seal("x", account_id="a", column="c") for _ in range(50)}) == 50


def test_rotation_opens_old_values_until_the_old_key_goes() -> None:
    sealed = BOX.seal("x", account_id="a", column="c")
    rotating = SecretsBox({"k2": NEW, "k1": OLD})
    assert rotating.open(sealed, account_id="a", column="c") == "x"
    assert not rotating.is_current(sealed)
    fresh = rotating.seal("x", account_id="a", column="c")
    assert rotating.is_current(fresh)
    after = SecretsBox({"k2": NEW})
    assert after.open(fresh, account_id="a", column="c") == "x"
    with pytest.raises(SecretUnreadable, match="k1"):
        after.open(sealed, account_id="a", column="c")


def test_a_key_ring_is_read_in_order() -> None:
    first, second = new_key(), new_key()
    ring = parse_key_ring(f"2026:{first}, 2025:{second}")
    assert list(ring) == ["2026", "2025"]
    SecretsBox(ring)


@pytest.mark.parametrize("bad", ["nocolon", "k:???", "k:QUFB,k:QUFB", ":QUFB"])
def test_a_bad_key_ring_is_refused_without_quoting_a_key(bad: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_key_ring(bad)
    assert "QUFB" not in str(caught.value)
    assert "???" not in str(caught.value)


@pytest.mark.parametrize("keys", [{}, {"k": b"short"}, {"": OLD}])
def test_a_ring_that_cannot_work_is_refused_at_once(keys: dict[str, bytes]) -> None:
    with pytest.raises(ValueError):
        SecretsBox(keys)
