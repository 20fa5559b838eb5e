"""The phone in the browser: which tab has it, what is missing, what it registers with (M3, M14).

`commands` and `pushes` name these structs among their own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from protocol.frames import Command, Push
from protocol.vocabulary import CallId, EmployeeId, LegId, Microphone, PhonePart

StayReason = Literal["unreachable", "not_taken", "no_sound", "switch", "transfer"]
"""Why a talk stayed in the tab it was in. unreachable: the other tab's line could not be rung.
not_taken: that tab did not pick up. no_sound: it did, and no sound came up. switch: the telephone
switch did not connect it. transfer: the call is being passed on, or is not talked on."""


class ReportPhone(Command, frozen=True, kw_only=True, tag="phone.report"):
    """What this tab has proven of itself; the server chooses by it which tab is the phone, and
    tells what is missing before a call is lost to it. Whether it may sound is in `tab.report`.
    """

    microphone: Microphone
    connected: bool = False
    """The line's socket to the switch is open."""
    registered: bool = False
    """The switch took the line's registration."""
    talking: bool = False
    """A voice is on it right now: such a tab is the phone until a person takes it elsewhere."""


class RegisterPhone(Command, frozen=True, kw_only=True, tag="phone.register"):
    """What the line is registered with, new each time: what was issued before is void.

    Reply: `PhoneCredentials`. Errors: wrong_state (this tab is not the phone), no_device (the
    switch has no such line), switch_unavailable.
    """


class TakePhone(Command, frozen=True, kw_only=True, tag="phone.take"):
    """Bring the voice to this tab (M14). Errors: wrong_state (its microphone is not granted)."""


class MoveVoice(Command, frozen=True, kw_only=True, tag="call.move_voice"):
    """Have the talk on this leg go on in the tab that is the phone now (M14). The leg goes on
    talking until the sound of the other one is up; asked by the tab that has the talk.

    Reply: empty, when the voice is there. Errors: not_found, wrong_state with a `reason`
    (`StayReason`), which the card shows as well: the talk goes on where it was.
    """

    call_id: CallId
    leg_id: LegId


class TakeVoice(Command, frozen=True, kw_only=True, tag="call.take_voice"):
    """The sound of this leg, which was rung to take a talk over, is up in both directions. Without
    such a leg nothing happens."""

    call_id: CallId
    leg_id: LegId


class ReleasePhone(Command, frozen=True, kw_only=True, tag="phone.release"):
    """This tab is no phone any more, or does not want to be one."""


class IceServer(msgspec.Struct, frozen=True, kw_only=True):
    """As browsers take it: RTCIceServer."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class PhoneCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """Reply of `phone.register`. Good until `expires_at`, or until another tab registers."""

    ws_url: str
    username: str
    password: str
    display_name: str
    ice_servers: list[IceServer]
    expires_at: datetime
    domain: str = ""
    """The host part of the line's SIP address; the realm comes with the switch's challenge."""
    codecs: list[Annotated[str, Meta(max_length=16)]] = []
    """Those the switch speaks without translating, best first, in SDP's words (`PCMU`)."""


class DeviceChanged(Push, frozen=True, kw_only=True, tag="device.changed"):
    """Where this employee talks (B21, W13). Entity `device`, stream `me`."""

    device: Literal["phone", "browser"]


class PhoneChanged(Push, frozen=True, kw_only=True, tag="phone.changed"):
    """Which of the employee's tabs is the phone, and what it lacks. Entity `phone`, stream `me`."""

    tab: str | None
    missing: list[PhonePart]
    """Empty: ready, proven part by part."""


class PhoneAsked(Push, frozen=True, kw_only=True, tag="phone.asked"):
    """Another tab pressed the button: the phone is to do it. Entity `phone_asked`, stream `me`;
    the newest one, which counts only while it is fresh."""

    call_id: CallId
    leg_id: LegId
    act: Literal["answer"]
    at: datetime


class PhonePassed(Push, frozen=True, kw_only=True, tag="phone.passed"):
    """A call could not be rung here for want of what `phone.changed` names, and nothing else of
    the employee's was there to ring. Entity `phone_passed`, stream `me`: the newest one."""

    number: str
    at: datetime


class ColleaguePhoneChanged(Push, frozen=True, kw_only=True, tag="colleague.phone_changed"):
    """What a colleague's browser lacks to be called on. Entity `phone:<employee id>`, stream
    `colleagues`; absent for those who talk on telephones."""

    employee_id: EmployeeId
    missing: list[PhonePart]
    since: datetime
