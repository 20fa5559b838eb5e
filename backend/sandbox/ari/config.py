"""What a sandbox switch is built from: numbers, phones, customers, credentials."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PhoneConfig:
    """One desk phone. `endpoint` is the dial string, e.g. `PJSIP/101` or `PJSIP/demo-101`.

    `max_calls` counts ringing and held calls too; the next one is answered busy.
    """

    endpoint: str
    name: str = ""
    registered: bool = True
    auto_answer_supported: bool = True
    max_calls: int = 2


@dataclass(frozen=True, kw_only=True)
class LineConfig:
    """A line in a browser that stands in the switch's own files, with its password.

    Others come and go by `PUT /asterisk/config/dynamic/res_pjsip/…`.
    """

    endpoint: str
    password: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class KnownCustomer:
    """A person the switchboard page offers as a caller."""

    name: str
    number: str


@dataclass(frozen=True, kw_only=True)
class VirtualNumber:
    """A dialled number and the Stasis application its dialplan line runs.

    `args` are what `Stasis(app,args…)` passes on; the dialled number itself is in the channel's
    `dialplan.exten` whatever they are.
    """

    number: str
    app: str
    args: tuple[str, ...] = ()
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class SwitchConfig:
    """Everything one sandbox switch knows at start.

    `channelvars` are the variable names shown in every channel object, as `ari.conf` lists them.
    `internal_app` is the application that gets what desk phones dial; without it they cannot dial.
    """

    username: str = "dozvon"
    password: str = "dozvon"  # noqa: S105  # the sandbox's published default, not a secret
    virtual_numbers: tuple[VirtualNumber, ...] = ()
    phones: tuple[PhoneConfig, ...] = ()
    lines: tuple[LineConfig, ...] = ()
    customers: tuple[KnownCustomer, ...] = ()
    trunks: tuple[str, ...] = ("trunk-demo",)
    channelvars: tuple[str, ...] = ()
    internal_app: str | None = None
    asterisk_id: str = "02:42:ac:11:00:02"
