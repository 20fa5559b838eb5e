"""Secrets at rest: envelope encryption bound to the row a secret belongs to.

Every value has a data key of its own, which is wrapped by a key of the ring. Both layers are
AES-256-GCM with the account, the column and the key's id as associated data: a value copied into
another account's row, or another column, does not open.

    0x01 | len(key id) | key id | nonce 12 | wrapped data key 48 | nonce 12 | ciphertext + tag 16
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1
_NONCE = 12
_KEY = 32
_WRAPPED = _KEY + 16


class SecretUnreadable(Exception):
    """The value is damaged, belongs to another row, or its key is not in the ring."""


@dataclass(frozen=True, slots=True)
class _Sealed:
    key_id: str
    wrap_nonce: bytes
    wrapped_key: bytes
    nonce: bytes
    ciphertext: bytes


class SecretsBox:
    """Seals with the ring's first key, opens with any of it.

    Rotation: put a new key in front, reseal what `is_current` says no to, drop the old key.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """`keys`: 32 bytes by key id, the current one first. Raises ValueError."""
        if not keys:
            raise ValueError("the key ring is empty")
        for key_id, key in keys.items():
            if len(key) != _KEY:
                raise ValueError(f"key {key_id!r} has {len(key)} bytes, not {_KEY}")
            if not 1 <= len(key_id.encode()) <= 255:
                raise ValueError("a key id has 1 to 255 bytes")
        self._keys = dict(keys)
        self._current = next(iter(self._keys))

    def seal(self, plain: str, *, account_id: str, column: str) -> bytes:
        data_key = AESGCM.generate_key(bit_length=_KEY * 8)
        bound = _binding(account_id, column, self._current)
        wrap_nonce, nonce = os.urandom(_NONCE), os.urandom(_NONCE)
        return b"".join(
            (
                self.prefix,
                wrap_nonce,
                AESGCM(self._keys[self._current]).encrypt(wrap_nonce, data_key, bound),
                nonce,
                AESGCM(data_key).encrypt(nonce, plain.encode(), bound),
            )
        )

    def open(self, value: bytes, *, account_id: str, column: str) -> str:
        """The secret. Raises SecretUnreadable."""
        sealed = _parse(value)
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise SecretUnreadable(f"key {sealed.key_id!r} is not in the ring")
        bound = _binding(account_id, column, sealed.key_id)
        try:
            data_key = AESGCM(key).decrypt(sealed.wrap_nonce, sealed.wrapped_key, bound)
            return AESGCM(data_key).decrypt(sealed.nonce, sealed.ciphertext, bound).decode()
        except (InvalidTag, ValueError) as error:
            raise SecretUnreadable(f"{column} of {account_id} does not open") from error

    def answer(self, nonce: str) -> str:
        """What only a holder of the current key can say to `nonce`; it says nothing of the key."""
        return hmac.new(
            self._keys[self._current], b"answer:" + nonce.encode(), "sha256"
        ).hexdigest()

    def is_current(self, value: bytes) -> bool:
        """Whether the value was sealed with the first key. Raises SecretUnreadable."""
        return _parse(value).key_id == self._current

    @property
    def prefix(self) -> bytes:
        """What every value sealed with the first key begins with, and no other: for SQL."""
        name = self._current.encode()
        return bytes((_VERSION, len(name))) + name


def parse_key_ring(setting: str) -> dict[str, bytes]:
    """`id:base64,id:base64`, the current key first. Raises ValueError without quoting a key."""
    keys: dict[str, bytes] = {}
    for number, part in enumerate(filter(None, (p.strip() for p in setting.split(","))), 1):
        key_id, colon, encoded = part.partition(":")
        if not colon or not key_id:
            raise ValueError(f"key {number} is not written id:base64")
        if key_id in keys:
            raise ValueError(f"the key id {key_id!r} is there twice")
        try:
            keys[key_id] = base64.b64decode(encoded, validate=True)
        except binascii.Error as error:
            raise ValueError(f"key {key_id!r} is not base64") from error
    return keys


def new_key() -> str:
    """A random key as the setting wants it, without its id."""
    return base64.b64encode(os.urandom(_KEY)).decode()


def _binding(account_id: str, column: str, key_id: str) -> bytes:
    # Lengths in front: no two triples can read the same.
    parts = [part.encode() for part in (account_id, column, key_id)]
    return b"".join(len(part).to_bytes(4) + part for part in parts)


def _parse(value: bytes) -> _Sealed:
    value = bytes(value)
    if len(value) < 2 or value[0] != _VERSION:
        raise SecretUnreadable("not a sealed value")
    at = 2 + value[1]
    if len(value) < at + 2 * _NONCE + _WRAPPED + 16:
        raise SecretUnreadable("a sealed value is cut short")
    wrapped_at = at + _NONCE
    nonce_at = wrapped_at + _WRAPPED
    return _Sealed(
        key_id=value[2:at].decode(errors="replace"),
        wrap_nonce=value[at:wrapped_at],
        wrapped_key=value[wrapped_at:nonce_at],
        nonce=value[nonce_at : nonce_at + _NONCE],
        ciphertext=value[nonce_at + _NONCE :],
    )
