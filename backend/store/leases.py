"""What only one may do, in SQL: the clock is the database's, so holders' clocks do not matter."""

from __future__ import annotations

from sqlalchemy import RowMapping, text

from backend.services.ports import Lease
from backend.store.database import Database

# The same holder asking again is a new incarnation of it: its token grows, too.
_ACQUIRE = text(
    """
    INSERT INTO leases AS held (name, holder, token, expires_at)
    VALUES (:name, :holder, 1, clock_timestamp() + make_interval(secs => :ttl_s))
    ON CONFLICT (name) DO UPDATE
        SET holder = excluded.holder, token = held.token + 1, expires_at = excluded.expires_at
        WHERE held.expires_at <= clock_timestamp() OR held.holder = excluded.holder
    RETURNING name, holder, token, expires_at
    """
)
# An expired lease nobody took meanwhile is still this holder's: the token proves it.
_RENEW = text(
    """
    UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => :ttl_s)
    WHERE name = :name AND holder = :holder AND token = :token
    RETURNING name, holder, token, expires_at
    """
)
# The row stays: its token must go on growing.
_RELEASE = text(
    """
    UPDATE leases SET expires_at = clock_timestamp()
    WHERE name = :name AND holder = :holder AND token = :token
    """
)


class SqlLeases:
    """The port `Leases` over the table `leases`. Each call is a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, name: str, holder: str, *, ttl_s: float) -> Lease | None:
        """None while somebody else holds it."""
        async with self._database.begin_resolving() as tx:
            values = {"name": name, "holder": holder, "ttl_s": ttl_s}
            row = (await tx.execute(_ACQUIRE, values)).mappings().one_or_none()
        return None if row is None else _lease(row)

    async def renew(self, lease: Lease, *, ttl_s: float) -> Lease | None:
        """None: it is lost; stop at once."""
        async with self._database.begin_resolving() as tx:
            values = {**_key(lease), "ttl_s": ttl_s}
            row = (await tx.execute(_RENEW, values)).mappings().one_or_none()
        return None if row is None else _lease(row)

    async def release(self, lease: Lease) -> None:
        """Let the next one have it at once. Nothing happens when it is lost already."""
        async with self._database.begin_resolving() as tx:
            await tx.execute(_RELEASE, _key(lease))


def _key(lease: Lease) -> dict[str, object]:
    return {"name": lease.name, "holder": lease.holder, "token": lease.token}


def _lease(row: RowMapping) -> Lease:
    return Lease(
        name=row["name"], holder=row["holder"], token=row["token"], expires_at=row["expires_at"]
    )
