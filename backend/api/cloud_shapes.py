"""What the settings' door says and hears of an account's own cloud, as types."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from backend.api.settings_shapes import Answer
from backend.services.account_patch import Patch

CloudState = Literal["none", "own", "server"]
Recorder = Literal["cloud", "dozvon"]


class CloudValue(Answer, frozen=True, kw_only=True):
    """What is set. `key` is never told: empty in every answer, and sent empty it stays. `hold` is
    what whoever waits hears, `media:<id>` or `tts:<text>`; empty: as the server has it."""

    address: str = ""
    key: str = ""
    hold: str = ""
    recording: Recorder = "cloud"


class CloudAnswer(Answer, frozen=True, kw_only=True):
    """`state`: the account has no cloud, one of its `own`, or one that whoever runs the `server`
    looks after. `addresses` may be chosen. `in_use`: its calls come over it. What the cloud is to
    send to (`events_url`, `route_url`) has a secret in it and is told to administrators only."""

    state: CloudState
    version: str
    value: CloudValue
    addresses: tuple[str, ...] = ()
    key_set: bool = False
    in_use: bool = False
    events_url: str = ""
    route_url: str = ""


class CloudPatch(Patch, frozen=True, kw_only=True):
    """What becomes different; the first one makes the connection."""

    address: str | UnsetType = UNSET
    key: str | UnsetType = UNSET
    hold: str | UnsetType = UNSET
    recording: Recorder | UnsetType = UNSET


class CloudFinding(Answer, frozen=True, kw_only=True):
    weight: Literal["ok", "warn", "fail"]
    code: str
    text: str


class CloudPhoneItem(Answer, frozen=True, kw_only=True):
    """`endpoint` is how it is written with an employee here."""

    name: str
    number: str
    endpoint: str
    active: bool
    registered: bool | None = None


class CloudNumberItem(Answer, frozen=True, kw_only=True):
    number: str
    name: str
    working: bool


class CloudCheckAnswer(Answer, frozen=True, kw_only=True):
    """What a look at the cloud found, and what it has."""

    findings: tuple[CloudFinding, ...]
    phones: tuple[CloudPhoneItem, ...] = ()
    numbers: tuple[CloudNumberItem, ...] = ()
