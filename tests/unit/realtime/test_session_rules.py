"""The rules of a session, played without a socket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from backend.realtime.limits import Limits
from backend.realtime.session import Action, Close, Greet, Phase, Run, Send, Session, reply
from backend.services.ports import Delivery, StreamRead
from protocol.close_codes import CloseCode
from protocol.frames import Hello, You
from protocol.vocabulary import AccountId, EmployeeId, Feature, SessionId

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KEY = "me:acme:anna"
LIMITS = Limits(
    commands_burst=3, commands_per_s=1, commands_running=10, refusals=2, ping_interval_s=20
)


def greeting(limits: Limits = LIMITS) -> Session:
    return Session(limits, 0.0)


def opened(limits: Limits = LIMITS, features: tuple[str, ...] = tuple(Feature)) -> Session:
    session = greeting(limits)
    session.welcome(
        hello=Hello(ticket="t" * 16, protocol=1, features=list(features)),
        session_id=SessionId("s1"),
        you=You(account_id=AccountId("a"), employee_id=EmployeeId("e"), name="A", extension=None),
        expires_at=NOW + timedelta(hours=1),
        server_time=NOW,
        reads={KEY: StreamRead("e1", 5, recovered=False, deliveries=())},
    )
    return session


def ask(number: int = 1, tag: str = "call.answer", rest: str = ',"call_id":"c1"') -> str:
    return f'{{"type":"{tag}","id":"command-{number}"{rest}}}'


def error_of(action: Action | None) -> str:
    assert isinstance(action, Send)
    code: str = msgspec.json.decode(action.frame)["error"]["code"]
    return code


def push(seq: int, *, epoch: str = "e1", tag: str = "status.changed", key: str = KEY) -> Delivery:
    return Delivery(key, epoch, seq, tag, b'{"seq":%d}' % seq)


def test_hello_comes_first_and_once() -> None:
    hello = '{"type":"hello","ticket":"0123456789abcdef","protocol":1}'
    session = greeting()
    assert isinstance(session.receive(hello, 0), Greet)
    assert greeting().receive(ask(), 0) == Close(CloseCode.BAD_FRAME, "hello comes first")
    assert opened().receive(hello, 0) == Close(CloseCode.BAD_FRAME, "hello comes once")


def test_another_protocol_is_closed_for_good() -> None:
    action = greeting().receive('{"type":"hello","ticket":"0123456789abcdef","protocol":2}', 0)
    assert isinstance(action, Close)
    assert action.code == CloseCode.PROTOCOL


@pytest.mark.parametrize("frame", ["", "{", "null", '{"id":"x"}', b"\xff\xfe", '"' + "a" * 70_000])
def test_what_is_no_frame_closes(frame: str | bytes) -> None:
    session = opened()
    action = session.receive(frame, 0)
    assert isinstance(action, Close)
    assert action.code == CloseCode.BAD_FRAME
    assert session.receive(ask(), 0) is None


def test_the_size_of_a_frame_is_counted_in_bytes() -> None:
    limits = Limits(frame_bytes=100)
    assert isinstance(opened(limits).receive('"' + "ы" * 60 + '"', 0), Close)


def test_a_command_runs_once_while_it_runs_and_after() -> None:
    session = opened()
    assert isinstance(session.receive(ask(), 0), Run)
    assert session.receive(ask(), 0) is None
    answer = session.finish("command-1", reply("command-1"))
    assert session.receive(ask(), 0) == Send(answer)


def test_the_deadline_counts_from_reading() -> None:
    run = opened().receive(ask(rest=',"call_id":"c1","ttl_ms":1500'), 0)
    assert isinstance(run, Run)
    assert run.timeout_s == 1.5


def test_unknown_and_malformed_commands_are_answered() -> None:
    session = opened()
    assert error_of(session.receive(ask(1, "call.teleport"), 0)) == "unknown_command"
    assert error_of(session.receive(ask(2, rest=""), 0)) == "bad_request"
    assert error_of(session.receive(ask(3, rest=',"call_id":"c1","ttl_ms":1'), 0)) == "bad_request"


def test_too_many_commands_are_refused_then_closed_and_a_pause_heals() -> None:
    session = opened()
    runs = [session.receive(ask(n), 0) for n in range(3)]
    assert all(isinstance(action, Run) for action in runs)
    assert error_of(session.receive(ask(4), 0)) == "too_many"
    assert isinstance(session.receive(ask(4), 1.0), Run), "the same command may be asked later"
    assert error_of(session.receive(ask(5), 1.0)) == "too_many"
    assert error_of(session.receive(ask(6), 1.0)) == "too_many"
    assert session.receive(ask(7), 1.0) == Close(CloseCode.TOO_MANY_FRAMES, "too many commands")


def test_pongs_are_not_commands_but_count_as_frames() -> None:
    session = opened(Limits(frames_burst=5, frames_per_s=1))
    assert [session.receive('{"type":"pong","n":1}', 0) for _ in range(5)] == [None] * 5
    action = session.receive('{"type":"pong","n":1}', 0)
    assert isinstance(action, Close)
    assert action.code == CloseCode.TOO_MANY_FRAMES


def test_each_push_is_told_once() -> None:
    session = opened()
    assert [session.wants(push(n)) for n in (5, 6, 6, 7, 3)] == [False, True, False, True, False]
    assert not session.wants(push(8, epoch="e2"))
    assert not session.wants(push(8, key="colleagues:acme"))


def test_pushes_of_other_features_move_the_position_and_are_not_sent() -> None:
    session = opened(features=("calls",))
    assert not session.wants(push(6))
    assert session.wants(push(7, tag="ringer.changed"))
    assert not session.wants(push(8, tag="made.up"))


def test_a_reset_is_told_unless_the_session_is_already_there() -> None:
    session = opened()
    snapshot = StreamRead("e2", 1, recovered=False, deliveries=(push(1, epoch="e2"),))
    frame = session.reset(KEY, snapshot)
    assert frame is not None
    told = msgspec.json.decode(frame)
    assert (told["type"], told["stream"]) == ("stream.reset", "me")
    assert told["start"]["pushes"] == [{"seq": 1}]
    assert session.reset(KEY, snapshot) is None
    assert session.wants(push(2, epoch="e2"))


def test_silence_is_measured_by_the_server_and_any_frame_breaks_it() -> None:
    session = opened()
    assert session.tick(19, NOW) is None
    assert session.tick(20, NOW) == Send(b'{"type":"ping","n":1}')
    session.receive('{"type":"pong","n":1}', 21)
    assert session.tick(40, NOW) == Send(b'{"type":"ping","n":2}')
    assert session.tick(65, NOW) != Close(CloseCode.SILENT, "no pong in time")
    assert session.tick(66, NOW) == Close(CloseCode.SILENT, "no pong in time")
    assert session.phase is Phase.CLOSED


def test_a_session_ends_with_its_token_unless_it_was_renewed() -> None:
    session = opened()
    session.expires_at = NOW + timedelta(hours=2)
    assert session.tick(1, NOW + timedelta(hours=1)) is None
    action = session.tick(1, NOW + timedelta(hours=2))
    assert isinstance(action, Close)
    assert action.code == CloseCode.SESSION_ENDED
