"""Lists from files: CSV as spreadsheets write it, and XLSX (ECMA-376 part 1, §18), read with what
Python has: a file of strangers opens nothing but its first sheet."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from backend.domain.dialer.rules import MAX_ITEMS, MAX_NUMBERS
from backend.errors import BadRequest

MAX_FILE_BYTES: Final = 8 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 64 * 1024 * 1024
"""Of one part of an XLSX: more is no list of people."""
MAX_COLUMNS: Final = 200
_ZIP: Final = b"PK\x03\x04"
_NS: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_CELL: Final = re.compile(r"([A-Z]{1,3})\d+")
_GUESSES: Final[Mapping[str, tuple[str, ...]]] = {
    "numbers": ("телефон", "номер", "мобильн", "phone", "mobile", "tel"),
    "name": ("фио", "имя", "клиент", "контакт", "name", "client", "contact"),
    "zone": ("часовой", "пояс", "timezone", "time zone"),
    "consent": ("соглас", "consent"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """As long as `columns` each; texts without spaces around them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """Which columns are what; `numbers` in the order they are tried."""

    numbers: tuple[str, ...]
    name: str | None = None
    zone: str | None = None
    consent: str | None = None


def read_table(body: bytes) -> Table:
    """The first sheet with its first line as headings. Raises BadRequest (`why`: file, empty,
    too_many_rows)."""
    if len(body) > MAX_FILE_BYTES:
        raise BadRequest("the file is too large", why="file_too_large")
    lines = list(_xlsx(body) if body.startswith(_ZIP) else _csv(body))
    filled = [line for line in lines if any(line)]
    if len(filled) < 2:
        raise BadRequest("no rows below the headings", why="empty")
    if len(filled) - 1 > MAX_ITEMS:
        raise BadRequest("too many rows", why="too_many_rows", most=MAX_ITEMS)
    columns = _headings(filled[0])
    width = len(columns)
    return Table(
        columns=columns,
        rows=tuple(tuple((line + [""] * width)[:width]) for line in filled[1:]),
    )


def guessed(columns: Sequence[str]) -> Mapped:
    """By their headings; nothing is taken for sure."""
    found: dict[str, list[str]] = {part: [] for part in _GUESSES}
    for column in columns:
        low = column.lower()
        for part, words in _GUESSES.items():
            if any(word in low for word in words):
                found[part].append(column)
                break
    return Mapped(
        numbers=tuple(found["numbers"][:MAX_NUMBERS]),
        name=next(iter(found["name"]), None),
        zone=next(iter(found["zone"]), None),
        consent=next(iter(found["consent"]), None),
    )


def columns_of(table: Table, mapped: Mapped) -> list[dict[str, str | tuple[str, ...]]]:
    """Each row by what its columns mean. Raises BadRequest (`why`: column) for a column the file
    has not."""
    place = {column: at for at, column in enumerate(table.columns)}
    named = [*mapped.numbers, mapped.name, mapped.zone, mapped.consent]
    for column in named:
        if column is not None and column not in place:
            raise BadRequest(f"no column {column}", why="column", column=column)
    if not mapped.numbers:
        raise BadRequest("no column of numbers", why="no_number_column")

    def one(row: tuple[str, ...], column: str | None) -> str:
        return "" if column is None else row[place[column]]

    return [
        {
            "numbers": tuple(filter(None, (one(row, column) for column in mapped.numbers))),
            "name": one(row, mapped.name),
            "zone": one(row, mapped.zone),
            "consent": one(row, mapped.consent),
        }
        for row in table.rows
    ]


def _headings(line: list[str]) -> tuple[str, ...]:
    """Each once: a second column of the same name gets its number."""
    found: list[str] = []
    for at, text in enumerate(line[:MAX_COLUMNS], start=1):
        name = text or f"#{at}"
        found.append(name if name not in found else f"{name} ({at})")
    return tuple(found)


def _csv(body: bytes) -> Iterator[list[str]]:
    text = _text(body)
    first = text.split("\n", 1)[0]
    delimiter = max(";,\t", key=first.count)
    try:
        for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [cell.strip() for cell in line]
    except csv.Error as error:
        raise BadRequest(f"not a table: {error}", why="file") from None


def _text(body: bytes) -> str:
    """UTF-8, or what Excel writes in Russia."""
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadRequest("not a text", why="file")


def _xlsx(body: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            shared = _shared(packed)
            sheet = min(
                (n for n in packed.namelist() if n.startswith("xl/worksheets/sheet")),
                key=lambda name: (len(name), name),
            )
            root = _part(packed, sheet)
    except (zipfile.BadZipFile, KeyError, ValueError, ElementTree.ParseError) as error:
        raise BadRequest(f"not a workbook: {error}", why="file") from None
    for row in root.iter(f"{_NS}row"):
        yield _row(row, shared)


def _part(packed: zipfile.ZipFile, name: str) -> ElementTree.Element:
    info = packed.getinfo(name)
    if info.file_size > MAX_UNPACKED_BYTES:
        raise BadRequest("the file is too large", why="file_too_large")
    with packed.open(info) as part:
        read = part.read(MAX_UNPACKED_BYTES + 1)
    if len(read) > MAX_UNPACKED_BYTES or b"<!DOCTYPE" in read[:4096] or b"<!ENTITY" in read:
        # A sheet declares no entities; one that does wants something else.
        raise BadRequest("not a workbook", why="file")
    return ElementTree.fromstring(read)  # noqa: S314 - entities were refused above


def _shared(packed: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in packed.namelist():
        return []
    root = _part(packed, "xl/sharedStrings.xml")
    return [_joined(entry) for entry in root.iter(f"{_NS}si")]


def _row(row: ElementTree.Element, shared: Sequence[str]) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{_NS}c"):
        matched = _CELL.fullmatch(cell.get("r", ""))
        at = len(cells) if matched is None else _column(matched[1])
        if at >= MAX_COLUMNS:
            break
        cells += [""] * (at - len(cells))
        cells.append(_value(cell, shared).strip())
    return cells


def _value(cell: ElementTree.Element, shared: Sequence[str]) -> str:
    kind, value = cell.get("t", "n"), cell.findtext(f"{_NS}v", "")
    if kind == "inlineStr":
        return _joined(cell)
    if kind == "s":
        return shared[int(value)] if value.isdigit() and int(value) < len(shared) else ""
    if kind == "n" and value:
        return _number(value)
    return value


def _number(value: str) -> str:
    """A phone number typed as a number: without a dot and without an exponent."""
    try:
        number = float(value)
    except ValueError:
        return value
    return str(int(number)) if number.is_integer() else value


def _joined(entry: ElementTree.Element) -> str:
    return "".join(part.text or "" for part in entry.iter(f"{_NS}t"))


def _column(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1
