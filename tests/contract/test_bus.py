"""What both buses promise, played over the in-process one and over a real Valkey."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import uvloop

from backend.bus import keys, scripts
from backend.bus.line import Address, Line
from backend.bus.memory import MemoryBus
from backend.bus.redis import RedisBus
from backend.errors import Expired
from backend.services.ports import Bus, Delivery, Publication, StreamRead, TabPresence, me_stream
from protocol.pushes import CallRemoved, StatusChanged
from protocol.vocabulary import AccountId, AgentStatus, CallId, EmployeeId, StatusSource, StreamName
from tests import valkey

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACCOUNT, ANNA, BORIS = AccountId("acme"), EmployeeId("anna"), EmployeeId("boris")
KEY = me_stream(ACCOUNT, ANNA)
both = pytest.mark.parametrize("kind", ["memory", "redis"])


@pytest.fixture(scope="session")
def valkey_url() -> Iterator[str]:
    with valkey.running() as url:
        yield url


@contextlib.asynccontextmanager
async def open_bus(kind: str, url: str) -> AsyncIterator[Bus]:
    if kind == "memory":
        yield MemoryBus()
        return
    await flush(url)
    async with RedisBus(url) as bus:
        yield bus


@contextlib.asynccontextmanager
async def open_second(kind: str, url: str, first: Bus) -> AsyncIterator[Bus]:
    """Another process's bus; in memory there is but one."""
    if kind == "memory":
        yield first
        return
    async with RedisBus(url) as bus:
        yield bus


async def command(url: str, *words: str | int) -> Any:
    """One command over a connection of its own."""

    async def on_up(wire: Any) -> None:
        return None

    line = Line(Address.parse(url), on_up=on_up)
    await line.start()
    try:
        return await line.ask(*words)
    finally:
        await line.stop()


async def flush(url: str) -> None:
    await command(url, "FLUSHALL")


def status(
    version: int, value: AgentStatus = AgentStatus.BREAK, entity: str = "status"
) -> Publication:
    return Publication(
        KEY,
        StatusChanged(
            stream=StreamName.ME,
            entity=entity,
            version=version,
            status=value,
            since=AT,
            source=StatusSource.PERSON,
            reason=None,
        ),
    )


def removal(version: int, entity: str = "status") -> Publication:
    push = CallRemoved(
        stream=StreamName.ME,
        entity=entity,
        version=version,
        call_id=CallId("c1"),
        reason="over",
        by=None,
        number="",
        name=None,
    )
    return Publication(KEY, push, removes=True)


def brief(read: StreamRead) -> list[tuple[int, str, int]]:
    frames = [msgspec.json.decode(d.frame) for d in read.deliveries]
    assert [f["seq"] for f in frames] == [d.seq for d in read.deliveries]
    assert [f["type"] for f in frames] == [d.tag for d in read.deliveries]
    return [(f["seq"], f["entity"], f["version"]) for f in frames]


async def eventually(condition: Callable[[], bool], within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - it may depend on anything
            await asyncio.sleep(0.005)


def tab(session: str, second: int = 0) -> TabPresence:
    since = AT.replace(second=second)
    return TabPresence(session=session, tab=session, visible=True, sound=True, since=since)


@both
async def test_a_snapshot_is_the_newest_push_of_each_entity_in_order(
    kind: str, valkey_url: str
) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.publish([status(1), status(1, entity="other"), status(2)])
        read = await bus.read(KEY, None)
        assert (read.seq, read.recovered) == (3, False)
        assert brief(read) == [(2, "other", 1), (3, "status", 2)]


@both
async def test_an_older_or_equal_version_is_dropped(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.publish([status(5)])
        await bus.publish([status(5), status(4)])
        assert brief(await bus.read(KEY, None)) == [(1, "status", 5)]


@both
async def test_versions_as_large_as_the_time_in_microseconds_are_compared_exactly(
    kind: str, valkey_url: str
) -> None:
    big = 1_900_000_000_000_001
    async with open_bus(kind, valkey_url) as bus:
        await bus.publish([status(big), status(big - 1), status(big + 1)])
        assert brief(await bus.read(KEY, None)) == [(2, "status", big + 1)]


@both
async def test_a_removed_entity_leaves_the_snapshot_and_is_not_revived_by_a_late_push(
    kind: str, valkey_url: str
) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.publish([status(1), removal(3), status(2)])
        read = await bus.read(KEY, None)
        assert (read.seq, brief(read)) == (2, [])
        await bus.publish([status(4)])
        assert brief(await bus.read(KEY, None)) == [(3, "status", 4)]


@both
async def test_a_reader_gets_exactly_what_it_missed(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.publish([status(n) for n in range(1, 6)])
        epoch = (await bus.read(KEY, None)).epoch
        missed = await bus.read(KEY, (epoch, 3))
        assert (missed.recovered, brief(missed)) == (True, [(4, "status", 4), (5, "status", 5)])
        assert await bus.read(KEY, (epoch, 5)) == StreamRead(
            epoch, 5, recovered=True, deliveries=()
        )


@both
async def test_a_reader_from_the_future_another_epoch_or_long_ago_gets_a_snapshot(
    kind: str, valkey_url: str
) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.publish([status(n) for n in range(1, keys.LOG_MAX + 3)])
        epoch = (await bus.read(KEY, None)).epoch
        assert (await bus.read(KEY, (epoch, 2))).recovered is True
        for position in [(epoch, 1), (epoch, 10_000), ("another", keys.LOG_MAX)]:
            read = await bus.read(KEY, position)
            assert (read.recovered, len(read.deliveries)) == (False, 1)


@both
async def test_an_unknown_stream_has_a_place_that_stays(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        first = await bus.read(KEY, None)
        assert (first.seq, first.recovered, first.deliveries) == (0, False, ())
        await bus.publish([status(1)])
        assert brief(await bus.read(KEY, (first.epoch, 0))) == [(1, "status", 1)]


@both
async def test_several_streams_are_read_at_once(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.publish([status(1)])
        reads = await bus.read_all({KEY: None, "account:acme": None})
        assert {k: r.seq for k, r in reads.items()} == {KEY: 1, "account:acme": 0}


@both
async def test_followers_get_every_push_in_order_and_none_after_leaving(
    kind: str, valkey_url: str
) -> None:
    async with open_bus(kind, valkey_url) as bus:
        one: list[Delivery] = []
        two: list[Delivery] = []
        await bus.publish([status(1)])
        async with bus.follow(KEY, one.append):
            async with bus.follow(KEY, two.append):
                await bus.publish([status(n) for n in range(2, 50)])
                await eventually(lambda: len(one) == len(two) == 48)
            await bus.publish([status(100)])
            await eventually(lambda: len(one) == 49)
        await bus.publish([status(101)])
        async with bus.follow(KEY, two.append):
            await bus.publish([status(102)])
            await eventually(lambda: len(two) == 49)
        assert [d.seq for d in one] == list(range(2, 51))
        assert [d.seq for d in two] == [*range(2, 50), 52]
        log = await bus.read(KEY, (one[0].epoch, 1))
        assert log.deliveries[:49] == tuple(one)


@both
async def test_a_new_history_is_told_to_followers_with_what_is_left(
    kind: str, valkey_url: str
) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.publish([status(1), status(1, entity="call:1"), status(1, entity="call:2")])
        before = await bus.read(KEY, None)
        resets: list[StreamRead] = []
        later: list[Delivery] = []
        async with bus.follow(KEY, later.append, resets.append):
            await bus.reset(KEY, forget=["call:"])
            await eventually(lambda: bool(resets))
            assert resets[0].epoch != before.epoch
            assert [e for _, e, _ in brief(resets[0])] == ["status"]
            await bus.publish([status(1, entity="call:1")])
            await eventually(lambda: bool(later))
            assert (later[0].epoch, later[0].seq) == (resets[0].epoch, resets[0].seq + 1)
        assert (await bus.read(KEY, (before.epoch, before.seq))).recovered is False


@both
async def test_a_question_is_answered_by_whoever_serves(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:

        async def shout(payload: bytes) -> bytes:
            return payload.upper() + b"\n!"

        with pytest.raises(Expired):
            await bus.ask("calls:acme", b"hello", timeout_s=0.05)
        waiting = asyncio.create_task(bus.ask("calls:acme", b"early", timeout_s=5))
        await asyncio.sleep(0)
        async with bus.serve("calls:acme", shout):
            assert await bus.ask("calls:acme", b"a\nb", timeout_s=5) == b"A\nB\n!"
            assert await waiting == b"EARLY\n!"


@both
async def test_a_question_nobody_answers_in_time_expires(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:

        async def never(payload: bytes) -> bytes:
            await asyncio.Event().wait()
            return payload

        async with bus.serve("calls:acme", never):
            with pytest.raises(Expired):
                await bus.ask("calls:acme", b"?", timeout_s=0.05)


@both
async def test_a_wake_up_reaches_every_listener(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        heard: list[bytes] = []
        async with bus.on_wake("jobs", heard.append), bus.on_wake("jobs", heard.append):
            await bus.wake("jobs", b"now")
            await eventually(lambda: heard == [b"now", b"now"])
        await bus.wake("jobs", b"later")
        assert heard == [b"now", b"now"]


@both
async def test_a_value_is_taken_once_and_forgotten_in_time(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.put("ticket", b"\x00bytes", ttl_s=5)
        assert [await bus.take("ticket"), await bus.take("ticket")] == [b"\x00bytes", None]
        await bus.put("ticket", b"old", ttl_s=0.01)
        await asyncio.sleep(0.05)
        assert await bus.take("ticket") is None


@both
async def test_a_value_is_taken_and_streams_are_read_in_one_step(
    kind: str, valkey_url: str
) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.publish([status(1)])
        await bus.put("ticket", b"anna", ttl_s=5)
        redeemed = await bus.redeem("ticket", {KEY: None})
        assert redeemed is not None
        value, reads = redeemed
        assert (value, [d.tag for d in reads[KEY].deliveries]) == (b"anna", ["status.changed"])
        assert await bus.redeem("ticket", {KEY: None}) is None, "it works once"


@both
async def test_nothing_is_read_or_begun_for_a_value_that_is_not_there(
    kind: str, valkey_url: str
) -> None:
    other = me_stream(ACCOUNT, BORIS)
    async with open_bus(kind, valkey_url) as bus:
        assert await bus.redeem("no-ticket", {other: None}) is None
        if kind == "redis":
            assert await command(valkey_url, "KEYS", "*boris*") == []
        # Whoever follows meanwhile is not left waiting for the place that was not read.
        heard: list[Delivery] = []
        membership: Any = bus.follow(other, heard.append)
        begun = membership.begin()
        assert await bus.redeem("no-ticket", {other: None}) is None
        if begun is not None:
            await begun
        await bus.publish([Publication(other, status(1).push)])
        await eventually(lambda: [d.seq for d in heard] == [1])
        await membership.__aexit__(None, None, None)


@both
async def test_what_is_read_after_following_began_leaves_no_gap(kind: str, valkey_url: str) -> None:
    """`begin` does not wait, yet a reading asked for behind it is answered after it took effect:
    each push published around them is in the reading, or delivered, or both."""
    async with open_bus(kind, valkey_url) as bus, open_second(kind, valkey_url, bus) as writer:
        for version in range(1, 200, 4):
            heard: list[Delivery] = []
            membership: Any = bus.follow(KEY, heard.append)
            before = asyncio.create_task(writer.publish([status(version)]))
            membership.begin()
            reading = asyncio.create_task(bus.read(KEY, None))
            await asyncio.gather(before, *(writer.publish([status(version + n)]) for n in (1, 2)))
            read = await reading
            await writer.publish([status(version + 3)])
            last = (await bus.read(KEY, None)).seq
            await eventually(lambda: bool(heard) and heard[-1].seq == last)  # noqa: B023
            told = [d.seq for d in heard if d.seq > read.seq]
            assert told == list(range(read.seq + 1, last + 1))
            await membership.__aexit__(None, None, None)


@both
async def test_a_counter_starts_over_after_its_time(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        assert [await bus.count("n", ttl_s=0.2) for _ in range(3)] == [1, 2, 3]
        await asyncio.sleep(0.25)
        assert await bus.count("n", ttl_s=5) == 1


@both
async def test_tabs_are_told_oldest_first_and_forgotten_in_time(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.mark_present(ACCOUNT, ANNA, tab("s2", 2), ttl_s=5)
        await bus.mark_present(ACCOUNT, ANNA, tab("s1", 1), ttl_s=5)
        await bus.mark_present(ACCOUNT, BORIS, tab("s3"), ttl_s=0.02)
        assert [t.session for t in await bus.present(ACCOUNT, ANNA)] == ["s1", "s2"]
        await asyncio.sleep(0.05)
        assert await bus.present_employees(ACCOUNT) == {ANNA}
        assert await bus.present(ACCOUNT, BORIS) == []
        assert await bus.present_employees(AccountId("other")) == set()


@both
async def test_the_last_tab_lingers_as_its_employee(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.mark_present(ACCOUNT, ANNA, tab("s1"), ttl_s=5)
        await bus.mark_present(ACCOUNT, ANNA, tab("s2"), ttl_s=5)
        await bus.mark_gone(ACCOUNT, ANNA, "s1", linger_s=0.1)
        await bus.mark_gone(ACCOUNT, ANNA, "s2", linger_s=0.1)
        assert await bus.present(ACCOUNT, ANNA) == []
        assert await bus.present_employees(ACCOUNT) == {ANNA}
        await asyncio.sleep(0.15)
        assert await bus.present_employees(ACCOUNT) == set()


@both
async def test_only_another_value_is_a_change_and_versions_grow(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        first = await bus.change("online", b"1")
        assert await bus.change("online", b"1") is None
        second = await bus.change("online", b"0")
        third = await bus.change("online", b"0", force=True)
        assert first is not None
        assert second is not None
        assert third is not None
        assert first < second < third


@both
async def test_versions_grow_even_over_a_flush(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        before = [await bus.next_version("n") for _ in range(3)]
        assert before == sorted(set(before))
        generation = await bus.generation()
        assert await bus.generation() == generation
        if isinstance(bus, MemoryBus):
            bus.flush()
        else:
            await flush(valkey_url)
        assert await bus.next_version("n") > before[-1]
        assert await bus.generation() != generation


@both
async def test_after_a_flush_streams_have_another_history(kind: str, valkey_url: str) -> None:
    async with open_bus(kind, valkey_url) as bus:
        await bus.publish([status(7)])
        before = await bus.read(KEY, None)
        if isinstance(bus, MemoryBus):
            bus.flush()
        else:
            await flush(valkey_url)
        await bus.publish([status(7)])
        after = await bus.read(KEY, (before.epoch, before.seq))
        assert after.epoch != before.epoch
        assert (after.recovered, brief(after)) == (False, [(1, "status", 7)])


async def test_a_flush_under_a_follower_is_a_reset(valkey_url: str) -> None:
    async with open_bus("redis", valkey_url) as bus:
        await bus.publish([status(1)])
        resets: list[StreamRead] = []
        async with bus.follow(KEY, lambda d: None, resets.append):
            await flush(valkey_url)
            await bus.publish([status(2)])
            await eventually(lambda: bool(resets))
        assert brief(resets[0]) == [(1, "status", 2)]


async def test_what_was_published_while_the_fan_out_was_cut_is_delivered(valkey_url: str) -> None:
    async with open_bus("redis", valkey_url) as bus, RedisBus(valkey_url) as other:
        seen: list[Delivery] = []
        woken: list[bytes] = []
        resets: list[StreamRead] = []
        async with (
            bus.follow(KEY, seen.append, resets.append),
            bus.on_wake("revoked", woken.append),
        ):
            for version in range(1, 40):
                if version % 10 == 0:
                    await command(valkey_url, "CLIENT", "KILL", "TYPE", "pubsub")
                await other.publish([status(version)])
            await eventually(lambda: len(seen) == 39)
            assert [d.seq for d in seen] == list(range(1, 40))
            assert resets == []
            await eventually(lambda: b"" in woken)


async def test_commands_survive_a_lost_connection_and_lost_scripts(valkey_url: str) -> None:
    async with open_bus("redis", valkey_url) as bus:
        await command(valkey_url, "CLIENT", "KILL", "TYPE", "normal")
        await bus.publish([status(1)])
        await command(valkey_url, "SCRIPT", "FLUSH")
        await bus.publish([status(2)])
        assert brief(await bus.read(KEY, None)) == [(2, "status", 2)]


async def test_two_processes_number_one_stream_together(valkey_url: str) -> None:
    async with open_bus("redis", valkey_url) as one, RedisBus(valkey_url) as two:
        seen: list[Delivery] = []
        async with one.follow(KEY, seen.append):
            await asyncio.gather(
                *(bus.publish([status(1, entity=f"e{n}")]) for n in range(50) for bus in (one, two))
            )
            await eventually(lambda: len(seen) == 50)
        assert [d.seq for d in seen] == list(range(1, 51))


async def test_every_key_is_of_this_bus_and_forgets_or_is_bounded(valkey_url: str) -> None:
    async with open_bus("redis", valkey_url) as bus:
        await bus.publish([status(1), removal(2)])
        await bus.put("ticket", b"x", ttl_s=5)
        await bus.count("n", ttl_s=5)
        await bus.change("online", b"1")
        await bus.next_version("n")
        await bus.generation()
        await bus.mark_present(ACCOUNT, ANNA, tab("s1"), ttl_s=5)
        for key in await command(valkey_url, "KEYS", "*"):
            name = key.decode()
            assert name.startswith(f"{keys.PREFIX}:")
            forgets = await command(valkey_url, "PTTL", name) > 0
            bounded = name.endswith((":state", ":entities", ":tombs", ":generation"))
            assert forgets is not bounded, name


def test_the_bus_works_under_uvloop(valkey_url: str) -> None:
    """Its transports are of other classes than asyncio's."""

    async def play() -> int:
        async with open_bus("redis", valkey_url) as bus:
            await bus.publish([status(1)])
            return (await bus.read(KEY, None)).seq

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(play()) == 1


def test_every_script_is_shipped() -> None:
    assert all(scripts.SOURCES.values())
