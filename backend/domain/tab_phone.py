"""Which of a person's tabs is their phone, and what it lacks: pure, from what tabs proved.

    capable: the microphone is granted
    best:    talks or may sound ► took the phone last ► in front ► oldest

The same tabs give the same answer in every process, so nobody has to be asked and no lock is held.
A tab that took the phone keeps it, however others come to the front: only a tab that may sound
where it may not goes before it. A talk that begins takes it, too: from then on only a person does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeVar

from protocol.vocabulary import Microphone, PhonePart


@dataclass(frozen=True, slots=True)
class TabPhone:
    """What a tab proved of itself as a phone. `taken`: grows with each taking; 0, never.
    `talking`: a voice is on it, so it sounds."""

    microphone: Microphone
    connected: bool = False
    registered: bool = False
    talking: bool = False
    taken: int = 0


class Tab(Protocol):
    """What is asked of a live tab (`ports.TabPresence`)."""

    @property
    def session(self) -> str: ...
    @property
    def visible(self) -> bool: ...
    @property
    def sound(self) -> bool: ...
    @property
    def since(self) -> datetime: ...
    @property
    def phone(self) -> TabPhone | None: ...


T = TypeVar("T", bound=Tab)

_OF_MICROPHONE: Final = {
    Microphone.ASK: PhonePart.MICROPHONE_ASK,
    Microphone.DENIED: PhonePart.MICROPHONE_DENIED,
    Microphone.ABSENT: PhonePart.MICROPHONE_ABSENT,
    Microphone.BLOCKED: PhonePart.MICROPHONE_BLOCKED,
}
_MENDED: Final = tuple(_OF_MICROPHONE)
"""Easiest to mend first: what is missing is said of the tab that lacks least."""


def holder(tabs: Iterable[T]) -> T | None:
    """The one tab that is the phone, or None while no tab has a microphone."""
    capable = [
        (tab, phone)
        for tab in tabs
        if (phone := tab.phone) is not None and phone.microphone is Microphone.GRANTED
    ]
    best = min(
        capable,
        key=lambda pair: (
            not (pair[1].talking or pair[0].sound),
            -pair[1].taken,
            not pair[0].visible,
            pair[0].since,
            pair[0].session,
        ),
        default=None,
    )
    return None if best is None else best[0]


def missing(tabs: Iterable[Tab]) -> list[PhonePart]:
    """What a call would be lost to; empty when all is proven."""
    tabs = list(tabs)
    best = holder(tabs)
    if best is None or best.phone is None:
        phones = [tab.phone.microphone for tab in tabs if tab.phone is not None]
        if not phones:
            return [PhonePart.TAB]
        return [_OF_MICROPHONE[min(phones, key=_MENDED.index)]]
    lacks = []
    if not best.sound:
        lacks.append(PhonePart.SOUND)
    if not best.phone.connected:
        lacks.append(PhonePart.SOCKET)
    elif not best.phone.registered:
        lacks.append(PhonePart.REGISTRATION)
    return lacks
