"""Which number the called party sees, and when there is none to show (L604, L1285-L1307, L1951).

The account's number for clicks is for those without a registered line; a line has its own. An
account may have that one number shown whatever a line or an employee has. Where nothing of all
that is said, the number the customer was in touch with last comes before the default (L78).
"""

from __future__ import annotations

from backend.domain.phone_number import canonical, toll_free
from backend.errors import NoDevice, NotAllowed
from backend.services.routing import AccountRoute, EmployeeRoute
from protocol.vocabulary import RefusalReason


def caller_id(
    account: AccountRoute,
    employee: EmployeeRoute,
    *,
    registered: bool,
    chosen: str | None = None,
    line: str = "",
    last: str | None = None,
) -> str:
    """The number to show, E.164; empty where the switch decides.

    `registered`: one of the employee's lines is connected. `chosen` by the employee for this call,
    `line` the CRM's line it was asked for on, `last` the number of `remembered` ones this customer
    was in touch with last. Raises NotAllowed when that choice is not his, and
    NoDevice (`no_caller_id`) when nothing is there to show.
    """
    settings = account.settings.outgoing
    default = _number(account, settings.default_caller_id)
    if chosen is not None:
        wanted = _number(account, chosen)
        if wanted not in selectable(account, employee) and wanted != default:
            raise NotAllowed(
                "this number may not be shown", reason=RefusalReason.CALLER_ID_NOT_ALLOWED.value
            )
        return wanted
    if settings.override_caller_id or not registered:
        if not default:
            raise _nothing_to_show()
        return default
    of_line = _number(account, line) if line else ""
    if of_line not in account_numbers(account):
        of_line = ""
    return employee.caller_id or of_line or last or default or account.caller_id


def account_numbers(account: AccountRoute) -> tuple[str, ...]:
    """What the account may show, in the order of its virtual numbers."""
    numbers = [_number(account, virtual.number) for virtual in account.virtual_numbers]
    others = (account.settings.outgoing.default_caller_id, account.caller_id)
    numbers += [_number(account, number) for number in others if number]
    return tuple(dict.fromkeys(number for number in numbers if number))


def remembered(account: AccountRoute) -> tuple[str, ...]:
    """Numbers worth showing again to whom they were shown; none where the account wants none.

    Toll-free ones take calls and make none (L78); a lent one leads to another visitor by then.
    """
    if not account.settings.outgoing.last_used:
        return ()
    lent = {_number(account, virtual.number) for virtual in account.virtual_numbers if virtual.pool}
    return tuple(n for n in account_numbers(account) if n not in lent and not toll_free(n))


def selectable(account: AccountRoute, employee: EmployeeRoute) -> tuple[str, ...]:
    """What he may choose for a call; nothing where the account shows one number for all."""
    allowed = employee.caller_id_choice and not account.settings.outgoing.override_caller_id
    # Whoever calls a lent number back would be taken for the visitor who is shown it by then.
    lent = {_number(account, virtual.number) for virtual in account.virtual_numbers if virtual.pool}
    return tuple(n for n in account_numbers(account) if n not in lent) if allowed else ()


def default_number(account: AccountRoute, employee: EmployeeRoute) -> str | None:
    """What is shown while he chooses nothing and his phone, if he has one, is connected."""
    registered = any(device.kind != "mobile" for device in employee.devices)
    try:
        return caller_id(account, employee, registered=registered) or None
    except NoDevice:
        return None


def _number(account: AccountRoute, text: str | None) -> str:
    return canonical(text, region=account.region) if text else ""


def _nothing_to_show() -> NoDevice:
    return NoDevice(
        "no line is registered and no number for clicks is chosen",
        reason=RefusalReason.NO_CALLER_ID.value,
    )
