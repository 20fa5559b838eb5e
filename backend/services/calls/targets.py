"""Whom a call can be passed to, checked before anybody is put on hold; and why it did not work."""

from __future__ import annotations

from backend.domain.phone_number import Extension, PhoneNumber, dialable
from backend.domain.scenario import may_ring
from backend.errors import BadRequest, NoDevice, NotFound, WrongState
from backend.services.calls.core import Core
from backend.services.calls.live import Live
from backend.services.calls.transfer import Target, Transfer
from backend.services.routing import AccountRoute, EmployeeRoute
from protocol.transfers import TransferCall
from protocol.vocabulary import EmployeeId, HangupCause, TransferTrouble

_TROUBLES: dict[HangupCause, TransferTrouble] = {
    HangupCause.BUSY: TransferTrouble.BUSY,
    HangupCause.REJECTED: TransferTrouble.DECLINED,
    HangupCause.NO_ANSWER: TransferTrouble.NO_ANSWER,
    HangupCause.CANCELLED: TransferTrouble.NO_ANSWER,
    HangupCause.UNREACHABLE: TransferTrouble.UNREACHABLE,
    HangupCause.INVALID_NUMBER: TransferTrouble.BAD_NUMBER,
}


def target_of(core: Core, live: Live, sender: EmployeeId, wish: TransferCall) -> Target:
    """Raises BadRequest, NotFound, NoDevice, WrongState with a `reason` (TransferTrouble)."""
    named = (wish.employee_id, wish.group, wish.number, wish.crm_user)
    if sum(one is not None for one in named) != 1:
        raise BadRequest("name one of employee_id, group, number, crm_user")
    account = core.account(live)
    if wish.crm_user is not None:
        everybody = account.employees.values()
        known = next((e for e in everybody if e.crm_user_id == wish.crm_user), None)
        if known is not None:
            return _employee(core, account, sender, known)
        # A portal's list takes short numbers too and does not say which of both it means.
        return _number(core, live, account, sender, wish.crm_user)
    if wish.employee_id is not None:
        return _employee(core, account, sender, account.employees.get(wish.employee_id))
    if wish.group is not None:
        return _group(core, account, sender, wish.group)
    return _number(core, live, account, sender, wish.number or "")


def _number(core: Core, live: Live, account: AccountRoute, sender: EmployeeId, text: str) -> Target:
    """Whoever has this extension, else somebody outside."""
    number = dialable(text, region=account.region)
    if isinstance(number, Extension):
        group = next((g for g in account.teams if g.extension == number.digits), None)
        if group is not None:
            return _group(core, account, sender, group.group_id)
        return _employee(core, account, sender, account.by_extension(number))
    if not isinstance(number, PhoneNumber) or number.e164 == live.call.number:
        raise BadRequest("no number to pass a call to", reason=TransferTrouble.BAD_NUMBER.value)
    if account.outside(number) is None:
        raise NoDevice("no line to call out", reason=TransferTrouble.NO_TRUNK.value)
    return Target(label=number.e164, number=number.e164)


def _employee(
    core: Core, account: AccountRoute, sender: EmployeeId, route: EmployeeRoute | None
) -> Target:
    if route is None or route.employee_id == sender:
        raise NotFound("nobody to pass a call to", reason=TransferTrouble.BAD_NUMBER.value)
    trouble = _unable(core, account, route)
    if trouble is not None:
        raise WrongState(f"{route.employee_id} cannot take it", reason=trouble.value)
    return Target(label=route.name, employees=(route.employee_id,))


def _group(core: Core, account: AccountRoute, sender: EmployeeId, group_id: str) -> Target:
    if group_id not in account.groups:
        raise NotFound(f"no group {group_id}", reason=TransferTrouble.BAD_NUMBER.value)
    routes = [account.employees.get(who) for who in account.groups[group_id] if who != sender]
    people = [route for route in routes if route is not None]
    troubles = [_unable(core, account, route) for route in people]
    if None not in troubles:
        why = next((t for t in troubles if t is not None), TransferTrouble.UNREACHABLE)
        raise WrongState(f"nobody of {group_id} can take it", reason=why.value)
    name = next((g.name for g in account.teams if g.group_id == group_id), group_id)
    return Target(label=name, employees=tuple(route.employee_id for route in people))


def _unable(core: Core, account: AccountRoute, route: EmployeeRoute) -> TransferTrouble | None:
    """Why somebody would not even be rung; a call passed to him would only come back."""
    if not route.devices:
        return TransferTrouble.UNREACHABLE
    if not may_ring(route.status, route.devices):
        return TransferTrouble.OFF_WORK
    if route.on_list or core.busy(account.account_id, route.employee_id) == "talking":
        return TransferTrouble.BUSY
    return None


def trouble(live: Live, transfer: Transfer) -> TransferTrouble:
    """Why nobody took it, from what is known of the legs that were rung for it."""
    target = transfer.target
    refusals = {live.withdrawn.get(who) for who in target.employees}
    if len(target.employees) == 1 and "declined" in refusals:
        return TransferTrouble.DECLINED
    causes = {
        leg.cause
        for leg in live.call.legs
        if (leg.employee_id in target.employees or leg.number == target.number)
        and leg.started_at is not None
        and leg.started_at >= transfer.at
    }
    if HangupCause.NO_ANSWER in causes or len(target.employees) > 1:
        return TransferTrouble.NO_ANSWER
    known = [_TROUBLES[cause] for cause in causes if cause in _TROUBLES]
    if not causes:
        return TransferTrouble.UNREACHABLE
    return known[0] if len(known) == 1 else TransferTrouble.NO_ANSWER
