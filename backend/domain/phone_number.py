"""Numbers as values: past the rim nothing is a bare string."""

from __future__ import annotations

import re
from dataclasses import dataclass

import phonenumbers

_DIGITS = re.compile(r"\D+")


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A public number in E.164 with its plus."""

    e164: str

    def __str__(self) -> str:
        return self.e164

    @property
    def digits(self) -> str:
        return self.e164[1:]

    @property
    def masked(self) -> str:
        """For logs: the country and the last two digits."""
        return f"{self.e164[:2]}…{self.e164[-2:]}"

    def spellings(self) -> tuple[str, ...]:
        """How people and systems write it, most canonical first: for CRMs that compare text."""
        digits = self.digits
        found = [self.e164, digits]
        if digits.startswith("7") and len(digits) == 11:
            national = digits[1:]
            found += ["8" + national, national, _russian("+7", national), _russian("8", national)]
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Extension:
    """A number inside the account: two to five digits."""

    digits: str

    def __str__(self) -> str:
        return self.digits


def parse(text: str, *, region: str = "RU") -> PhoneNumber | None:
    """The number somebody typed or a switch reported, or None when it is none.

    National forms are read as `region`'s; a bare international number without plus is understood.
    """
    digits = _DIGITS.sub("", text)
    candidates = [text] if text.strip().startswith("+") else [text, "+" + digits]
    for candidate in candidates:
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return PhoneNumber(
                phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            )
    return None


def canonical(text: str, *, region: str = "RU") -> str:
    """E.164 with its plus; what is no public number (hidden, an extension) stays as it came."""
    number = parse(text, region=region)
    return text if number is None else number.e164


def dialable(text: str, *, region: str = "RU") -> PhoneNumber | Extension | None:
    """What may be dialled: an extension when it is short, else a public number."""
    digits = _DIGITS.sub("", text)
    if 2 <= len(digits) <= 5 and not text.startswith("+"):
        return Extension(digits)
    return parse(text, region=region)


def readable(e164: str) -> str:
    """As people write it where it is shown to anybody: with its country, in groups."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def toll_free(e164: str) -> bool:
    """Whether whoever is called pays, as with 8 800: such a number takes calls and makes none."""
    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.TOLL_FREE


def _russian(prefix: str, national: str) -> str:
    return f"{prefix} ({national[:3]}) {national[3:6]}-{national[6:8]}-{national[8:]}"


def known_region(region: str) -> bool:
    """Whether national numbers of this country (two capitals, ISO 3166) can be read."""
    return region in phonenumbers.SUPPORTED_REGIONS
