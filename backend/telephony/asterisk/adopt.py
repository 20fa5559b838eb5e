"""From the lists of the switch to the calls that live on it. Pure.

Everything needed is in ids: a channel of ours names its call and leg, an inbound channel gives its
call id by computation, a bridge is found by the id derived from the call. Only the hold flag is a
variable; `held` brings it, read from `channelvars` or asked for one by one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from backend.services.ports import LiveCall, LiveLeg
from backend.telephony.asterisk import names
from backend.telephony.asterisk.wire import Bridge, Channel, in_stasis, parse_time
from protocol.vocabulary import CallId, LegId, LegState

_STATE: Final = {"Up": LegState.UP, "Ringing": LegState.RINGING, "Ring": LegState.RINGING}


def our_channels(channels: Iterable[Channel], ours: Collection[str]) -> list[Channel]:
    """Channels our application has a say in, without those that went on in the dialplan."""
    return [
        channel
        for channel in channels
        if channel.id in ours
        and not names.is_watch(channel.id)
        and (names.leg_of(channel.id) is not None or in_stasis(channel))
    ]


def may_be_held(channels: Iterable[Channel], bridges: Iterable[Bridge]) -> list[str]:
    """Ids of channels whose hold flag cannot be read off the lists and matters.

    Held customers are up and in no bridge; where `channelvars` shows the flag nothing is asked.
    """
    bridged = {member for bridge in bridges for member in bridge.channels}
    return [
        channel.id
        for channel in channels
        if channel.state == "Up"
        and channel.id not in bridged
        and names.HELD_VARIABLE not in (channel.channelvars or {})
    ]


def live_calls(
    channels: Iterable[Channel],
    bridges: Iterable[Bridge],
    held: Collection[str],
    *,
    identity: str,
    now: datetime,
) -> list[tuple[LiveCall, tuple[str, ...]]]:
    """Each live call with the ids of its channels, oldest leg first.

    `channels` as `our_channels` gives them; `now` stands in for a creation time that is missing.
    """
    grouped: dict[CallId, list[tuple[Channel, LiveLeg]]] = {}
    for channel in channels:
        call_id, leg = _live_leg(channel, identity, now)
        grouped.setdefault(call_id, []).append((channel, leg))
    members = {bridge.id: bridge.channels for bridge in bridges}
    found = []
    for call_id, pairs in grouped.items():
        pairs.sort(key=lambda pair: (pair[1].at, pair[0].id))
        in_bridge = members.get(names.bridge_id(call_id), [])
        apart = members.get(names.consult_bridge_id(call_id), [])
        call = LiveCall(
            call_id=call_id,
            legs=tuple(leg for _, leg in pairs),
            held=any(channel.id in held or _shows_held(channel) for channel, _ in pairs),
            connected=tuple(leg.leg_id for channel, leg in pairs if channel.id in in_bridge),
            consulting=tuple(leg.leg_id for channel, leg in pairs if channel.id in apart),
        )
        found.append((call, tuple(channel.id for channel, _ in pairs)))
    return found


def _live_leg(channel: Channel, identity: str, now: datetime) -> tuple[CallId, LiveLeg]:
    ours = names.leg_of(channel.id)
    call_id, leg_id = ours or (
        names.inbound_call(identity, channel.id),
        LegId(names.INBOUND_LEG),
    )
    leg = LiveLeg(
        leg_id=leg_id,
        # A caller who hears ringback is "Ring"; from the call's view that leg is ringing too.
        state=_STATE.get(channel.state, LegState.DIALING),
        number=channel.caller.number or "",
        dialed="" if ours else channel.dialplan.exten or "",
        at=parse_time(channel.creationtime, now),
    )
    return call_id, leg


def _shows_held(channel: Channel) -> bool:
    return (channel.channelvars or {}).get(names.HELD_VARIABLE) == "1"
