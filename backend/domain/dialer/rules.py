"""What a list wants of those who work through it."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from backend.domain.working_hours import WEEKDAYS
from protocol.dialer import MAX_WRAP_UP_S
from protocol.dialer_words import AttemptOutcome, DispositionEffect, ListMode, ListPurpose

TYPING_S: Final = 15
"""How long the wrap-up waits after the last sign that the operator writes."""
MAX_ITEMS: Final = 10_000
MAX_NUMBERS: Final = 10
"""Of one person; more is a column in the wrong place."""

NOT_COUNTED: Final = frozenset({AttemptOutcome.OPERATOR_AWAY})
"""Outcomes of attempts that never reached for the person."""


class Repeat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The person comes back `after_s` later, `most` times."""

    after_s: Annotated[int, Meta(ge=60, le=30 * 86_400)]
    most: Annotated[int, Meta(ge=1, le=10)] = 1


class ListRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`hours`: by weekday, `mon` to `sun`, on the clock of whoever is called; a day that is
    missing has none. `min_gap_s`: how long nobody dials the same person again, whichever list
    they are on."""

    preview_s: Annotated[int, Meta(ge=0, le=600)] = 20
    wrap_up_s: Annotated[int, Meta(ge=0, le=MAX_WRAP_UP_S)] = 60
    missed_s: Annotated[int, Meta(ge=0, le=MAX_WRAP_UP_S)] = 5
    """The wrap-up after nobody answered."""
    hours: dict[str, tuple[str, ...]] = msgspec.field(
        default_factory=lambda: dict.fromkeys(WEEKDAYS, ("09:00-20:00",))
    )
    max_attempts: Annotated[int, Meta(ge=1, le=20)] = 5
    min_gap_s: Annotated[int, Meta(ge=0, le=30 * 86_400)] = 900
    repeat: dict[AttemptOutcome, Repeat] = msgspec.field(default_factory=dict)

    def looks_s(self, mode: ListMode) -> int:
        """How long the card is looked at before the call."""
        return 0 if mode is ListMode.PROGRESSIVE else self.preview_s


def wants_press(purpose: ListPurpose) -> bool:
    """Whether each call needs a person's press. Advertising must not be dialled by a machine
    (38-FZ art. 18 p. 2; reference/telephony §8.2)."""
    return purpose is ListPurpose.ADVERTISING


def possible(purpose: ListPurpose, mode: ListMode) -> bool:
    """Progressive means that a machine dials: not for advertising."""
    return not (wants_press(purpose) and mode is ListMode.PROGRESSIVE)


class Disposition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an operator can say of a talk."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,40}$")]
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    effect: DispositionEffect = DispositionEffect.DONE
    reached: bool = True
    """Whether the right person was spoken to."""
    stage: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_:]{1,64}$")] | None = None
    """Where the deal (or the lead) of the list goes, by the CRM's own id; in amoCRM
    `<pipeline>:<status>`."""


def standard_dispositions(language: str) -> tuple[Disposition, ...]:
    """Those of an account that chose none."""
    names = _RUSSIAN if language == "ru" else _ENGLISH
    return tuple(
        Disposition(id=key, name=names[key], effect=effect, reached=reached)
        for key, effect, reached in _STANDARD
    )


_STANDARD: Final = (
    ("agreed", DispositionEffect.DONE, True),
    ("refused", DispositionEffect.DONE, True),
    ("callback", DispositionEffect.CALLBACK, True),
    ("wrong_person", DispositionEffect.DONE, False),
    ("machine", DispositionEffect.REPEAT, False),
    ("never_again", DispositionEffect.DO_NOT_CALL, True),
)
_RUSSIAN: Final = {
    "agreed": "Договорились",
    "refused": "Отказ",
    "callback": "Перезвонить",
    "wrong_person": "Не тот человек",
    "machine": "Автоответчик",
    "never_again": "Просит больше не звонить",
}
_ENGLISH: Final = {
    "agreed": "Agreed",
    "refused": "Not interested",
    "callback": "Call back",
    "wrong_person": "Wrong person",
    "machine": "Answering machine",
    "never_again": "Asks not to be called",
}
