"""Who is looking at the page: amoCRM's disposable token, checked without asking anybody."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import jwt

from backend.errors import BadProof

LEEWAY_S = 60
"""Clocks of two machines differ; the token itself lives half an hour."""


@dataclass(frozen=True, slots=True)
class Proof:
    account_id: str
    """amoCRM's number of the account."""
    user_id: str
    host: str
    is_admin: bool


def account_of(token: str) -> str:
    """The account a token claims to be of, to find the secret that proves it.

    Nothing may be concluded from this alone. Raises BadProof when it is no token.
    """
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        return str(int(claims["account_id"]))
    except (jwt.PyJWTError, KeyError, TypeError, ValueError):
        raise BadProof("not a disposable token") from None


def check(token: str, *, client_id: str, client_secret: str, redirect_uri: str) -> Proof:
    """The proven identity. Raises BadProof.

    The page caches its token for most of its life, so a repeated `jti` is normal and accepted.
    `aud` is scheme and host of the redirect address, without port or path.
    """
    parts = urlsplit(redirect_uri)
    accepted = {f"{parts.scheme}://{parts.hostname}", f"{parts.scheme}://{parts.netloc}"}
    try:
        claims = jwt.decode(
            token,
            client_secret,
            algorithms=["HS256"],
            audience=sorted(accepted),
            leeway=LEEWAY_S,
            options={"require": ["exp", "iat", "iss", "aud"]},
        )
    except jwt.PyJWTError as error:
        raise BadProof(f"disposable token: {type(error).__name__}") from None
    if claims.get("client_uuid") != client_id:
        raise BadProof("the token is for another integration")
    try:
        return Proof(
            account_id=str(int(claims["account_id"])),
            user_id=str(int(claims["user_id"])),
            host=urlsplit(str(claims["iss"])).netloc,
            is_admin=bool(claims.get("is_admin")),
        )
    except (KeyError, TypeError, ValueError):
        raise BadProof("the token names no account or user") from None
