"""A followed stream over a channel that loses, doubles and delays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backend.bus.fanout import Followed, catch_up, delivery_of
from backend.bus.line import Address
from backend.services.ports import Delivery, StreamRead


def message(seq: int, epoch: str = "e1") -> bytes:
    return b'%s\n%d\nstatus.changed\n{"seq":%d}' % (epoch.encode(), seq, seq)


async def _follow(heard: list[int | str]) -> Followed:
    followed = Followed("me:acme:anna")
    followed.ready = None
    followed.listeners[0] = (
        lambda delivery: heard.append(delivery.seq),
        lambda read: heard.append(read.epoch),
    )
    assert followed.begin("e1", 0)
    return followed


@given(st.lists(st.integers(min_value=1, max_value=12), max_size=30))
async def test_whatever_the_channel_does_each_push_is_heard_once_and_in_order(
    arriving: list[int],
) -> None:
    heard: list[int | str] = []
    followed = await _follow(heard)
    newest = 0

    async def read_all(positions: object) -> dict[str, StreamRead]:
        missed = tuple(delivery_of("me:acme:anna", message(n)) for n in _range(followed, newest))
        return {"me:acme:anna": StreamRead("e1", newest, recovered=True, deliveries=missed)}

    for seq in arriving:
        newest = max(newest, seq)
        if not followed.take(message(seq)):
            await catch_up([followed], read_all)
    assert heard == list(range(1, newest + 1))


def _range(followed: Followed, newest: int) -> range:
    return range(followed.seq + 1, newest + 1)


async def test_another_history_is_told_once_and_goes_on_from_its_snapshot() -> None:
    heard: list[int | str] = []
    followed = await _follow(heard)
    assert followed.take(message(1))
    assert not followed.take(message(1, "e2"))
    # What comes while the snapshot is read is kept, not lost and not told twice.
    assert followed.take(message(2, "e2"))
    assert followed.take(message(3, "e2"))
    snapshot = StreamRead(
        "e2", 2, recovered=False, deliveries=(Delivery("k", "e2", 2, "status.changed", b"{}"),)
    )
    assert followed.caught_up(snapshot)
    assert heard == [1, "e2", 3]


async def test_two_readings_at_once_tell_nothing_twice() -> None:
    """The connection was lost again while the gap was being read: the second reading began at the
    same place as the first and brings the same pushes and more."""
    heard: list[int | str] = []
    followed = await _follow(heard)
    followed.held = []

    def missed(newest: int) -> StreamRead:
        found = tuple(delivery_of("k", message(n)) for n in range(1, newest + 1))
        return StreamRead("e1", newest, recovered=True, deliveries=found)

    assert followed.caught_up(missed(2))
    assert followed.take(message(3))
    assert followed.caught_up(missed(4))
    assert followed.caught_up(missed(1))
    assert followed.take(message(5))
    assert heard == [1, 2, 3, 4, 5]


async def test_a_bus_that_is_away_is_asked_again() -> None:
    heard: list[int | str] = []
    followed = await _follow(heard)
    assert not followed.take(message(2))
    attempts = 0

    async def read_all(positions: object) -> dict[str, StreamRead]:
        nonlocal attempts
        attempts += 1
        if attempts < 2:
            raise ConnectionError("away")
        missed = tuple(delivery_of("me:acme:anna", message(n)) for n in (1, 2))
        return {"me:acme:anna": StreamRead("e1", 2, recovered=True, deliveries=missed)}

    await catch_up([followed], read_all)
    assert (attempts, heard) == (2, [1, 2])


def test_addresses_are_understood() -> None:
    full = Address.parse("rediss://me:p%40ss@cache.test:6380/2")
    assert (full.host, full.port, full.user, full.password, full.database, full.tls) == (
        "cache.test",
        6380,
        "me",
        "p@ss",
        2,
        True,
    )
    assert Address.parse("unix:///run/valkey.sock?db=1").path == "/run/valkey.sock"
