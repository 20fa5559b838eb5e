"""May this tab be its employee's phone, and with which password (M14).

The tab asks about itself; what it is answered its seat is marked with.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Final, Protocol

from backend.domain.account_config import TalkDevice
from backend.domain.browser_line import browser_username
from backend.domain.tab_phone import TabPhone, holder
from backend.errors import NoDevice, SwitchError, SwitchRefused, SwitchUnavailable, WrongState
from backend.kit.clock import Clock
from backend.services.ice_servers import VALID, IceConfig
from backend.services.ports import BrowserLine, Bus, IssuedLines, LineHome, LineHomes
from backend.services.presence import Seat
from protocol.phone import IceServer, PhoneCredentials
from protocol.vocabulary import AccountId, EmployeeId, Microphone, RefusalReason

PASSWORD_BYTES: Final = 24
_SDP_NAMES: Final = {"ulaw": "PCMU", "alaw": "PCMA", "g722": "G722", "opus": "opus"}
"""Codecs as Asterisk calls them → as SDP does (IANA's registry of RTP payloads)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePerson:
    """Whose line it is."""

    slug: str
    name: str
    extension: str | None
    device: TalkDevice


class LinePeople(Protocol):
    async def find(
        self, account_id: AccountId, employee_id: EmployeeId, *, former: bool = False
    ) -> LinePerson | None:
        """None for somebody who does not work here any more, or takes no calls; `former`: those
        too, whose line is to be taken back."""


class Phones:
    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        people: LinePeople,
        homes: LineHomes,
        ice: IceConfig,
        issued: IssuedLines,
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._people = people
        self._homes = homes
        self._ice = ice
        self._issued = issued

    async def taking(self, seat: Seat) -> TabPhone:
        """The phone as it is once this tab took it from the others.

        Raises WrongState for a tab that could not speak.
        """
        phone = seat.tab.phone
        if phone is None or phone.microphone is not Microphone.GRANTED:
            raise WrongState("this tab has no microphone")
        taken = await self._bus.next_version(f"phone_taken:{seat.account_id}:{seat.employee_id}")
        return replace(phone, taken=taken)

    async def registering(self, seat: Seat) -> TabPhone:
        """The phone as it is once this tab, which holds it, registered: it keeps it from then on.

        Raises WrongState when another tab holds it.
        """
        if not await self.holds(seat):
            raise WrongState("another tab is the phone")
        return await self.taking(seat)

    async def holds(self, seat: Seat) -> bool:
        """Whether this tab is the phone, as all live tabs have it."""
        best = holder(await self._bus.present(seat.account_id, seat.employee_id))
        return best is not None and best.session == seat.tab.session

    async def issue(self, account_id: AccountId, employee_id: EmployeeId) -> PhoneCredentials:
        """A new password for the employee's line; the one before opens nothing any more.

        Raises WrongState (the employee talks on a telephone), NoDevice, SwitchUnavailable.
        """
        person = await self._people.find(account_id, employee_id)
        if person is None or person.device != "browser":
            raise WrongState("this employee does not talk in the browser")
        home, line = await self._line(account_id, employee_id, person)
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        # Before it has one: whoever dies in between leaves a note too many, not a password.
        await self._issued.issued(account_id, employee_id, person.extension)
        try:
            await home.lines.issue(line, password)
        except SwitchRefused as error:
            raise NoDevice(str(error), reason=RefusalReason.NO_REGISTERED_LINE.value) from error
        now = self._clock.now()
        return PhoneCredentials(
            ws_url=home.ws_url,
            username=line.username,
            password=password,
            display_name=line.caller_name,
            ice_servers=[
                IceServer(
                    urls=list(server.urls),
                    username=server.username or None,
                    credential=server.credential or None,
                )
                for server in self._ice.servers(line.username, now)
            ],
            expires_at=now + VALID,
            domain=home.domain,
            codecs=[_SDP_NAMES[codec] for codec in line.codecs if codec in _SDP_NAMES],
        )

    async def withdraw(self, account_id: AccountId, employee_id: EmployeeId) -> None:
        """The line is nobody's until it is issued again; a talk under way goes on."""
        person = await self._people.find(account_id, employee_id, former=True)
        if person is None:
            return
        try:
            home, line = await self._line(account_id, employee_id, person)
        except NoDevice:
            return
        await home.lines.withdraw(line)
        await self._issued.withdrawn(account_id, employee_id)

    async def withdraw_unheld(
        self, account_id: AccountId, employee_id: EmployeeId, extension: str | None
    ) -> None:
        """`withdraw`, unless a live tab of theirs may be the phone. `extension`: the one their
        tabs came with, which may have been taken away or changed since.

        Raises SwitchUnavailable.
        """
        if holder(await self._bus.present(account_id, employee_id)) is not None:
            return
        person = await self._people.find(account_id, employee_id, former=True)
        if person is None:
            return
        try:
            for known in {person.extension, extension}:
                called = replace(person, extension=known)
                home, line = await self._line(account_id, employee_id, called)
                await home.lines.withdraw(line)
        except NoDevice:
            return
        await self._issued.withdrawn(account_id, employee_id)

    async def _line(
        self, account_id: AccountId, employee_id: EmployeeId, person: LinePerson
    ) -> tuple[LineHome, BrowserLine]:
        try:
            home = await self._homes.of(account_id)
        except SwitchUnavailable:
            raise
        except SwitchError as error:
            raise NoDevice(str(error), reason=RefusalReason.NO_REGISTERED_LINE.value) from error
        if home is None:
            raise NoDevice("the account has no switch", reason=RefusalReason.NO_TRUNK.value)
        username = browser_username(person.slug, employee_id, person.extension)
        line = BrowserLine(
            account=person.slug,
            username=username,
            caller_name=person.name,
            caller_number=person.extension or "",
        )
        return home, line
