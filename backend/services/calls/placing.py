"""Calls placed by employees: the own devices first, then the other party (W14, W15, B5, A4)."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Literal

import structlog

from backend.domain.leg_id import customer_leg
from backend.domain.phone_number import Extension, PhoneNumber, dialable
from backend.domain.scenario import Device, Scenario, Step
from backend.errors import (
    AppError,
    BadRequest,
    NoDevice,
    NotAllowed,
    NotFound,
    SwitchError,
    SwitchUnavailable,
    WrongState,
)
from backend.services.caller_id import caller_id, remembered
from backend.services.calls.asked import Asked
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.calls.own_side import OwnSide
from backend.services.calls.ringing import Ringing
from backend.services.routing import AccountRoute, EmployeeRoute
from protocol.vocabulary import (
    AccountId,
    CallId,
    CallState,
    CommandId,
    Direction,
    EmployeeId,
    HangupCause,
    LegId,
    RefusalReason,
)

log = structlog.get_logger(__name__)

OUTSIDE_S = 60.0
INTERNAL_S = 45
REGISTERED_S = 1.0
"""How long the switch is asked which lines are registered: past it, ringing finds out."""
LAST_NUMBER_S = 0.5
"""How long the history is asked which number the customer knows."""
_CALLS = uuid.UUID("6f1f2f0e-51d7-4c5b-9a44-1f3a8a5b5a10")


def dialed_call_id(account_id: AccountId, employee_id: EmployeeId, command_id: CommandId) -> CallId:
    """The same command makes the same call, whoever handles it and however often (R3)."""
    return CallId(uuid.uuid5(_CALLS, f"{account_id}/{employee_id}/{command_id}").hex)


def asked_call_id(account_id: AccountId, crm: str, external_id: str) -> CallId:
    """The same wish of a CRM makes the same call, however often it is delivered."""
    return CallId(uuid.uuid5(_CALLS, f"{account_id}/{crm}/asked/{external_id}").hex)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A call an employee wants."""

    call_id: CallId
    target: str
    source: Literal["keypad", "click", "redial", "history", "colleagues"] = "keypad"
    caller_id: str | None = None
    """The number he chose to show."""
    line: str = ""
    """The CRM's line it is asked for on."""
    asked: Asked = field(default_factory=Asked)


class Placing:
    def __init__(self, core: Core, ringing: Ringing) -> None:
        self._core = core
        self._ringing = ringing
        self.own = OwnSide(core, ringing.settled)

    async def dial(self, account_id: AccountId, employee_id: EmployeeId, wish: Wish) -> CallId:
        """Ring the employee's own devices; returns once the switch accepted that.

        Raises BadRequest, NotAllowed, NotFound (no such extension), NoDevice, WrongState,
        SwitchError; a `reason` in their data is a RefusalReason.
        """
        core, call_id = self._core, wish.call_id
        if self.known(call_id):
            return call_id
        account = core.routing.account(account_id)
        caller = core.routing.employee(account_id, employee_id)
        if account is None or caller is None:
            raise NotFound(f"no employee {employee_id}", reason=RefusalReason.NOT_AN_EMPLOYEE.value)
        parsed = dialable(wish.target, region=account.region)
        if parsed is None:
            raise BadRequest(
                "not a number that can be dialled", reason=RefusalReason.BAD_NUMBER.value
            )
        colleague = self._colleague(account, caller, parsed)
        self._may_call(account, caller, wish, outside=colleague is None)
        registered, last = await asyncio.gather(
            self._registered(caller), self._last_number(account, parsed)
        )
        # The switch was asked meanwhile: the same wish may have come again, or another call.
        if self.known(call_id):
            return call_id
        if core.busy(account_id, employee_id) == "talking":
            raise WrongState("already on a call", reason=RefusalReason.BUSY.value)
        devices = _reachable(
            caller, registered, browser_ready=core.browser_ready(account_id, employee_id)
        )
        shown = None
        if colleague is None:
            shown = caller_id(
                account,
                caller,
                registered=any(registered.get(d.endpoint, _is_line(d)) for d in caller.devices),
                chosen=wish.caller_id,
                line=wish.line,
                last=last,
            )
        if not devices:
            raise NoDevice(
                f"nothing of {employee_id} can be reached",
                reason=RefusalReason.NO_REGISTERED_LINE.value,
            )
        live = core.new_call(
            account,
            call_id,
            Direction.OUTBOUND if colleague is None else Direction.INTERNAL,
            number=str(parsed),
            dialed=wish.target,
            at=core.clock.now(),
            placed_by=employee_id,
            caller_id=shown,
            asked=wish.asked,
        )
        if colleague is not None:
            self.prepare_internal(live, account)
        self.own.plan(live, caller, devices)
        core.show(live)
        if colleague is None:
            core.look_up(live, [employee_id])
        error = await self.own.ring(live)
        if error is not None:
            raise _with_reason(error)
        return call_id

    def known(self, call_id: CallId) -> bool:
        """Placed before, whether it lives or not."""
        return call_id in self._core.calls or call_id in self._core.ended_ids

    def _may_call(
        self, account: AccountRoute, caller: EmployeeRoute, wish: Wish, *, outside: bool
    ) -> None:
        """Raises for what no registered line would change."""
        if wish.source == "click" and not account.settings.outgoing.click_to_call:
            raise NotAllowed(
                "calls by a click are switched off", reason=RefusalReason.CLICK_OFF.value
            )
        if not caller.calls_enabled:
            raise NoDevice(
                f"calls of {caller.employee_id} are switched off",
                reason=RefusalReason.CALLS_OFF.value,
            )
        ready = self._core.browser_ready(account.account_id, caller.employee_id)
        only_browser = all(device.kind == "browser" for device in caller.devices)
        if not caller.devices or (only_browser and caller.numbers_off and not ready):
            # A tab that is no phone right now does not hide that the numbers are switched off.
            off = RefusalReason.NUMBERS_OFF if caller.numbers_off else RefusalReason.NO_NUMBERS
            raise NoDevice(f"{caller.employee_id} has no device", reason=off.value)
        if outside and account.trunk is None:
            raise NoDevice(
                "the account has no line to call out", reason=RefusalReason.NO_TRUNK.value
            )
        if self._core.busy(account.account_id, caller.employee_id) == "talking":
            raise WrongState("already on a call", reason=RefusalReason.BUSY.value)

    async def _registered(self, caller: EmployeeRoute) -> dict[str, bool]:
        """As far as the switch tells in time; a device that is missing may ring or not."""
        endpoints = [device.endpoint for device in caller.devices]
        try:
            async with asyncio.timeout(REGISTERED_S):
                return await self._core.switch.registered(endpoints)
        except (SwitchError, TimeoutError) as error:
            log.warning("registrations not told", error=repr(error))
            return {}

    async def _last_number(
        self, account: AccountRoute, number: PhoneNumber | Extension
    ) -> str | None:
        """Nobody waits long for it: the call is worth more than the number it shows."""
        among = remembered(account)
        if isinstance(number, Extension) or not among:
            return None
        try:
            async with asyncio.timeout(LAST_NUMBER_S):
                return await self._core.last_numbers.last(account.account_id, str(number), among)
        except Exception as error:
            log.warning("last number not told", error=repr(error))
            return None

    def _colleague(
        self, account: AccountRoute, caller: EmployeeRoute, target: PhoneNumber | Extension
    ) -> EmployeeRoute | None:
        if not isinstance(target, Extension):
            return None
        found = account.by_extension(target)
        if found is None:
            raise NotFound(f"no extension {target}", reason=RefusalReason.BAD_NUMBER.value)
        if found.employee_id == caller.employee_id:
            raise BadRequest(
                "this is the caller's own extension", reason=RefusalReason.BAD_NUMBER.value
            )
        return found

    def prepare_internal(self, live: Live, account: AccountRoute) -> None:
        """The small scenario of an internal call: ring whoever has the extension."""
        found = account.by_extension(Extension(live.call.number))
        if found is not None:
            live.name = found.name
            step = Step(employees=(found.employee_id,), timeout_s=INTERNAL_S)
            live.scenario = Scenario(name="internal", steps=(step,))

    # ── the own side ──

    def resume_own(self, live: Live) -> None:
        """Take over a call whose caller's own device still rings."""
        self.own.resume(live)

    def own_leg_gone(self, live: Live, leg_id: LegId, cause: HangupCause) -> None:
        """The caller's own device did not take it."""
        self.own.leg_gone(live, leg_id, cause)

    def own_side_left(self, live: Live) -> None:
        """The caller may not phone any more. Once he is at the phone his call goes on."""
        self.own.left(live)

    # ── the other side ──

    def own_leg_up(self, live: Live) -> None:
        """The caller is at the phone: ring whom he wants, while he hears the ringing tone."""
        core, own = self._core, live.call.origin_up
        if live.called_out or own is None:
            return
        live.called_out = True
        self.own.up(live, own.leg_id)
        core.spawn(self._ringback(live, own.leg_id))
        if live.call.direction is Direction.INTERNAL:
            self._ringing.advance(live)
        else:
            core.plan(live, customer_leg(), live.call.number, None)
            core.spawn(self._ring_outside(live))

    async def _ringback(self, live: Live, leg_id: LegId) -> None:
        await self._core.switch.indicate_ringing(live.call.call_id, leg_id)

    async def _ring_outside(self, live: Live) -> None:
        core, account = self._core, self._core.account(live)
        number = dialable(live.call.number, region=account.region)
        endpoint = account.outside(number) if isinstance(number, PhoneNumber) else None
        if endpoint is None:
            self.own.fail(live, HangupCause.INVALID_NUMBER)
            return
        shown = account.caller_id if live.caller_id is None else live.caller_id
        error = await core.ring(
            live, customer_leg(), endpoint, timeout_s=OUTSIDE_S, caller=(shown, ""), early=True
        )
        if error is not None and live.call.state is not CallState.ENDED:
            self.own.fail(live, HangupCause.UNREACHABLE)


def _is_line(device: Device) -> bool:
    """Whether it is a phone that registers, so long as the switch does not say."""
    return device.kind != "mobile"


def _reachable(
    caller: EmployeeRoute, registered: dict[str, bool], *, browser_ready: bool
) -> list[Device]:
    """Best first, without those known to be away: the call falls to the mobile at once (L1953).
    A browser that is not proven ready is left out while something else can be rung (M3)."""
    found = [d for d in caller.devices if registered.get(d.endpoint, True)]
    if not browser_ready and any(d.kind != "browser" for d in found):
        found = [d for d in found if d.kind != "browser"]
    return sorted(found, key=lambda device: (device.priority, device.endpoint))


def _with_reason(error: AppError) -> AppError:
    """What the switch answered, in words the operator is told."""
    if isinstance(error, SwitchUnavailable):
        return SwitchUnavailable(str(error), reason=RefusalReason.SWITCH_AWAY.value)
    if isinstance(error, SwitchError):
        return NoDevice(str(error), reason=RefusalReason.NO_REGISTERED_LINE.value)
    return error
