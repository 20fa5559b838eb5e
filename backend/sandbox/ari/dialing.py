"""Originate, create and dial: how the switch calls somebody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backend.sandbox.ari import causes
from backend.sandbox.ari.errors import AriError, allocation_failed
from backend.sandbox.ari.model import Channel, Dialled, Json, Party

if TYPE_CHECKING:
    from collections.abc import Callable

    from backend.sandbox.ari.engine import Engine
    from backend.sandbox.ari.model import FarEnd

_LONGEST_ID = 149
_CALLER_ID = re.compile(r'^\s*"?(?P<name>[^"<]*?)"?\s*<(?P<number>[^>]*)>\s*$')


def parse_caller_id(text: str) -> Party:
    """`Name <number>`, `"Name" <number>` or a bare number."""
    match = _CALLER_ID.match(text)
    if match:
        return Party(number=match["number"].strip(), name=match["name"].strip())
    return Party(number=text.strip())


def wants_auto_answer(headers: dict[str, str]) -> bool:
    """Whether SIP headers put on the INVITE ask the phone to pick up by itself.

    Two dialects are in use: `Call-Info: …;answer-after=0` and `Alert-Info: …auto-answer`.
    """
    call_info = headers.get("call-info", "").replace(" ", "").lower()
    return "answer-after=0" in call_info or "auto-answer" in headers.get("alert-info", "").lower()


def invite_headers(variables: dict[str, str]) -> dict[str, str]:
    """Headers set by `PJSIP_HEADER(add,Name)` variables, names in lower case."""
    found = {}
    for name, value in variables.items():
        match = re.match(r"^PJSIP_HEADER\(\s*(?:add|update)\s*,\s*([^),]+)", name, re.IGNORECASE)
        if match:
            found[match[1].strip().lower()] = value
    return found


class Dialing:
    """Places outgoing legs and takes the called party's answers."""

    def __init__(self, engine: Engine, resolve: Callable[[str], tuple[str, FarEnd] | None]) -> None:
        self._engine = engine
        self._resolve = resolve
        """Dial string → (endpoint, who is there), or None: unknown or unregistered."""
        self.headers: dict[str, dict[str, str]] = {}
        """SIP headers put on the INVITE, by channel id, while the channel lives."""
        engine.before_channel_gone.append(lambda channel: self.headers.pop(channel.id, None))
        engine.hang_up_requested.append(self._given_up)

    def originate(
        self,
        *,
        endpoint: str,
        app: str | None,
        args: tuple[str, ...] = (),
        extension: tuple[str, str, int] | None = None,
        caller_id: str = "",
        timeout_s: float = 30,
        channel_id: str | None = None,
        originator: str | None = None,
        variables: dict[str, str] | None = None,
    ) -> Json:
        """Create the leg and dial it; `app` (or `extension`) gets it once it is answered.

        Answers the channel as it is before dialling (Down). 400 without a destination or with
        an unknown originator, 409 for a used id, 500 for an endpoint nobody is registered at.
        """
        if app is None and extension is None:
            raise AriError(400, "Application or extension must be specified")
        if originator and self._engine.find(originator) is None:
            raise AriError(400, "Provided originator channel was not found")
        channel = self._allocate(endpoint, caller_id, channel_id, variables)
        channel.dialled = Dialled(
            app, args, timeout_s, endpoint.partition("/")[2], extension=extension
        )
        channel.app_name = "AppDial2"
        body = self._engine.json(channel)
        if app is not None:
            # Subscribed only now: the originator does not get ChannelCreated of its own leg.
            channel.audience.add(app)
        self._engine.timers.soon(lambda: self._dial(channel))
        return body

    def create(
        self,
        *,
        endpoint: str,
        app: str,
        args: tuple[str, ...] = (),
        channel_id: str | None = None,
        originator: str | None = None,
        variables: dict[str, str] | None = None,
    ) -> Json:
        """A leg that is in Stasis at once and rings only after `dial`: for early media."""
        if originator and self._engine.find(originator) is None:
            raise AriError(400, "Provided originator channel was not found")
        shown = (variables or {}).get("CONNECTEDLINE(all)", "")
        channel = self._allocate(endpoint, shown, channel_id, variables)
        channel.dialled = Dialled(app, args, -1, endpoint.partition("/")[2])
        body = self._engine.json(channel)
        self._engine.timers.soon(lambda: self._enter_created(channel, app, args))
        return body

    def dial(self, channel: Channel, caller_id: str | None, timeout_s: float) -> None:
        """Ring a created channel. 409 when it was dialled already."""
        dialled = channel.dialled
        if dialled is None or dialled.started or channel.state != "Down":
            raise AriError(409, "Channel is not in the 'Down' state")
        dialled.caller_id = caller_id
        dialled.timeout_s = timeout_s if timeout_s > 0 else -1
        dialled.started = True
        self._engine.timers.soon(lambda: self._dial(channel))

    # -- the called party answers -------------------------------------------------------------

    def ringing(self, channel: Channel) -> None:
        if channel.destroyed or channel.state != "Down":
            return
        self._engine.set_state(channel, "Ringing")
        self._dial_event(channel, "RINGING")

    def progress(self, channel: Channel) -> None:
        """183 with sound: what the network says before the answer can be heard."""
        if channel.destroyed or channel.state == "Up" or channel.dialled is None:
            return
        channel.early = True
        self._dial_event(channel, "PROGRESS")
        self._engine.touch(channel)

    def answered(self, channel: Channel) -> None:
        if channel.destroyed or channel.state == "Up" or channel.dialled is None:
            return
        dialled = channel.dialled
        if dialled.timer is not None:
            dialled.timer.cancel()
        self._engine.set_state(channel, "Up")
        self._dial_event(channel, "ANSWER")
        if channel.app is not None:  # a created channel is in Stasis since before it rang
            return
        if dialled.extension is not None:
            channel.context, channel.exten, channel.priority = dialled.extension
            self._engine.fall_back(channel)
        elif dialled.app is None or not self._engine.enter_stasis(
            channel, dialled.app, dialled.args
        ):
            self._engine.hang_up(channel, requested=False)

    def refused(self, channel: Channel, sip_code: int) -> None:
        """The called party, or its network, answered with a final error."""
        if channel.destroyed:
            return
        cause, status = causes.BY_SIP.get(sip_code, (causes.NORMAL_UNSPECIFIED, "NOANSWER"))
        if channel.dialled is not None:
            channel.dialled.status = status
        self._engine.hang_up(channel, cause, tech_cause=sip_code)

    def _allocate(
        self,
        endpoint: str,
        caller_id: str,
        channel_id: str | None,
        variables: dict[str, str] | None,
    ) -> Channel:
        if channel_id and len(channel_id) > _LONGEST_ID:
            raise AriError(400, f"Uniqueid length exceeds maximum of {_LONGEST_ID}")
        if channel_id and self._engine.find(channel_id) is not None:
            raise AriError(409, "Channel with given unique ID already exists")
        if "/" not in endpoint:
            raise AriError(400, "Invalid endpoint specified")
        found = self._resolve(endpoint)
        if found is None:
            raise allocation_failed()
        resource, far_end = found
        caller = parse_caller_id(caller_id)
        channel = self._engine.create(
            endpoint=resource,
            state="Down",
            far_end=far_end,
            channel_id=channel_id,
            caller=caller,
            connected=caller,
            context="from-trunk" if "@" in endpoint else "default",
            exten="s",
            variables=variables,
        )
        self.headers[channel.id] = invite_headers(variables or {})
        return channel

    def _enter_created(self, channel: Channel, app: str, args: tuple[str, ...]) -> None:
        if channel.destroyed:
            return
        if not self._engine.enter_stasis(channel, app, args):
            self._engine.hang_up(channel, requested=False)

    def _dial(self, channel: Channel) -> None:
        dialled = channel.dialled
        if channel.destroyed or dialled is None or channel.far_end is None:
            return
        dialled.started = True
        self._dial_event(channel, "")
        if dialled.timeout_s > 0:
            dialled.timer = self._engine.timers.after(
                dialled.timeout_s, lambda: self._timed_out(channel)
            )
        channel.far_end.invited(channel)

    def _timed_out(self, channel: Channel) -> None:
        """No Dial event tells of it: only ChannelDestroyed, with the last state still Ringing."""
        dialled = channel.dialled
        if channel.destroyed or channel.state == "Up" or dialled is None:
            return
        dialled.timer = None
        # A created channel is in Stasis: it is asked to leave.
        created = channel.app is not None
        soft = causes.SOFT_EXPLICIT if created else 0
        self._engine.hang_up(
            channel, causes.NO_ANSWER, requested=created, soft=soft, tech_cause=480
        )

    def _given_up(self, channel: Channel) -> None:
        """How a dial ended that nobody answered; of a created channel it is not said."""
        dialled = channel.dialled
        if dialled is not None and channel.state != "Up" and channel.app is None:
            self._dial_event(channel, dialled.status)

    def _dial_event(self, channel: Channel, status: str) -> None:
        dialled = channel.dialled
        if dialled is None:
            return
        body: Json = {
            "peer": self._engine.json(channel),
            "dialstatus": status,
            # Of a created channel only the first event names it.
            "dialstring": dialled.dialstring if not status or channel.app is None else "",
            "forward": "",
        }
        caller = self._engine.find(dialled.caller_id) if dialled.caller_id else None
        apps = set(channel.audience)
        if caller is not None:
            body["caller"] = self._engine.json(caller)
            apps |= caller.audience
        self._engine.hub.publish(
            "Dial", body, apps=apps, channels=(channel.id,), endpoint=channel.endpoint
        )
