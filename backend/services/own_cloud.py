"""The cloud an account brought itself: its administrators set it up on their page.

Whoever runs the server keeps all other switches. A connection is the account's own when it says so
(`owner`); its key goes in and never comes out.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol

from backend.domain.account_faults import Fault
from backend.errors import WrongState
from backend.services.account_settings import Invalid
from backend.services.settings_texts import Language
from protocol.vocabulary import AccountId

ADDRESSES: Final = (
    "https://callapi.uiscom.ru/v4.0",
    "https://callapi.comagic.ru/v4.0",
)
"""Call API of each brand, as its documentation has it. Any other address is for whoever runs the
server: an account must not have it knock at doors inside."""
HOLD: Final = re.compile(r"media:[0-9]+|tts:.{1,200}")
_KEY: Final = re.compile(r"[\x21-\x7e]{1,500}")
_SECRET_BYTES: Final = 24
Recorder = Literal["cloud", "dozvon"]
SUBJECT: Final = "cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCloud:
    """`id` is empty until it is kept."""

    id: str = ""
    address: str = ""
    key: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    """What the cloud's requests to us carry in their address."""
    hold: str = ""
    recording: Recorder = "cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """None: stays as it is."""

    address: str | None = None
    key: str | None = None
    hold: str | None = None
    recording: Recorder | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookLine:
    weight: Literal["ok", "warn", "fail"]
    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPhone:
    name: str
    number: str
    endpoint: str
    active: bool
    registered: bool | None
    """None: nobody can tell, as of a mobile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudLook:
    """What a look at the cloud found, and what there is."""

    lines: Sequence[LookLine]
    phones: Sequence[CloudPhone] = ()
    numbers: Sequence[tuple[str, str, bool]] = ()
    """E.164 with plus, name, whether it works."""


class Clouds(Protocol):
    async def find(self, account_id: AccountId) -> OwnCloud | None:
        """The one this account owns."""

    async def in_use(self, account_id: AccountId, cloud: OwnCloud | None) -> bool:
        """Whether the account's calls come over this cloud; with None, over anybody's."""

    async def save(self, account_id: AccountId, cloud: OwnCloud, *, who: str) -> OwnCloud:
        """Sealed, and written into the account's log without what is secret."""

    async def look(self, account_id: AccountId, cloud: OwnCloud, language: Language) -> CloudLook:
        """Ask the cloud. It changes nothing."""


class OwnClouds:
    def __init__(self, clouds: Clouds) -> None:
        self._clouds = clouds

    async def find(self, account_id: AccountId) -> tuple[OwnCloud | None, bool]:
        """The account's own cloud, and whether its calls come over it, or, without one, over a
        cloud of the server's."""
        cloud = await self._clouds.find(account_id)
        return cloud, await self._clouds.in_use(account_id, cloud)

    def addresses(self, cloud: OwnCloud | None) -> tuple[str, ...]:
        """Those that may be chosen: an address of another kind was set by whoever runs the
        server, and may stay."""
        kept = cloud.address if cloud is not None else ""
        return (*ADDRESSES, kept) if kept and kept not in ADDRESSES else ADDRESSES

    async def save(self, account_id: AccountId, wish: Wish, *, who: str) -> OwnCloud:
        """Raises Invalid with every fault at once, WrongState where the server's is used."""
        before, used = await self.find(account_id)
        if before is None and used:
            raise WrongState(why="cloud_of_server")
        known = before or OwnCloud(secret=secrets.token_urlsafe(_SECRET_BYTES))
        after = replace(
            known,
            address=known.address if wish.address is None else wish.address.rstrip("/"),
            key=wish.key.strip() if wish.key and wish.key.strip() else known.key,
            hold=known.hold if wish.hold is None else wish.hold.strip(),
            recording=wish.recording or known.recording,
        )
        faults = [*self._faults(before, after)]
        if faults:
            raise Invalid(faults)
        return after if after == before else await self._clouds.save(account_id, after, who=who)

    def _faults(self, before: OwnCloud | None, after: OwnCloud) -> list[Fault]:
        found = []
        if after.address not in self.addresses(before):
            found.append(_fault("address", "cloud_address"))
        if not _KEY.fullmatch(after.key):
            found.append(_fault("key", "cloud_key"))
        if after.hold and not HOLD.fullmatch(after.hold):
            found.append(_fault("hold", "bad_hold"))
        return found

    async def look(self, account_id: AccountId, language: Language) -> CloudLook:
        """Raises WrongState without a cloud of its own: another's is nobody's business."""
        cloud = await self._clouds.find(account_id)
        if cloud is None:
            raise WrongState(why="no_cloud")
        return await self._clouds.look(account_id, cloud, language)


def _fault(field: str, code: str) -> Fault:
    return Fault(kind="settings", key=SUBJECT, field=field, code=code)
