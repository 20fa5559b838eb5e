"""The line a person's browser registers on the switch: one each, its name derived, never stored.

Everybody who has to name it (who rings it, who issues its password, who writes the switch's
configuration) does it by these functions, so that both sides mean the same endpoint.
"""

from __future__ import annotations

import hashlib
from typing import Final, Protocol

from backend.domain.scenario import Device
from protocol.vocabulary import EmployeeId

TECHNOLOGY: Final = "PJSIP/"
BROWSER_PRIORITY: Final = 0
"""Before every stored number (those begin with 1): whoever chose the browser wants it there."""
BROWSER_LABEL: Final = "browser"
"""What cards carry as the device's name; screens have a word for it in the reader's language."""
_SHORT: Final = 10
"""Hexadecimal digits that stand for somebody without an extension: 40 bits tell the people of an
account apart."""


class HasLine(Protocol):
    """Anybody with an id and, perhaps, an extension."""

    @property
    def employee_id(self) -> EmployeeId: ...

    @property
    def extension(self) -> str | None: ...


def browser_username(slug: str, employee_id: EmployeeId, extension: str | None) -> str:
    """The SIP user name, `sever-b101`. Without an extension it is `sever-bx` and a short hash of
    the person's id, which no extension can look like."""
    if extension:
        return f"{slug}-b{extension}"
    digest = hashlib.sha256(employee_id.encode()).hexdigest()
    return f"{slug}-bx{digest[:_SHORT]}"


def browser_endpoint(slug: str, employee: HasLine) -> str:
    """The line in the switch's words, `PJSIP/sever-b101`."""
    return TECHNOLOGY + browser_username(slug, employee.employee_id, employee.extension)


def browser_device(slug: str, employee_id: EmployeeId, extension: str | None) -> Device:
    """The line as a device that rings before the person's numbers. It picks up when told to: the
    tab hears our word, or the header of an order to answer by itself."""
    return Device(
        priority=BROWSER_PRIORITY,
        kind="browser",
        endpoint=TECHNOLOGY + browser_username(slug, employee_id, extension),
        label=BROWSER_LABEL,
        auto_answer=True,
    )
