"""Lists from files: CSV as spreadsheets write it, and the first sheet of an XLSX.

Both take seconds for the largest file there may be: call them in a thread.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from backend.domain.dialer.rules import MAX_ITEMS, MAX_NUMBERS
from backend.errors import BadRequest

MAX_FILE_BYTES: Final = 8 * 1024 * 1024
MAX_UNPACKED_BYTES: Final = 64 * 1024 * 1024
"""Of an XLSX: more is no list of people."""
MAX_COLUMNS: Final = 200
_ZIP: Final = b"PK\x03\x04"
_NO_WORKBOOK: Final = (
    zipfile.BadZipFile,
    InvalidFileException,
    ParseError,
    DefusedXmlException,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)
"""What openpyxl raises for files that are none, or are made to harm."""
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
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED_BYTES:
                raise BadRequest("the file is too large", why="file_too_large")
        book = load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        # What a file says of its own size need not be true.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(max_col=MAX_COLUMNS, values_only=True):
            yield _without_tail([_shown(cell) for cell in row])
    except _NO_WORKBOOK as error:
        raise BadRequest(f"not a workbook: {error!r}", why="file") from None


def _shown(cell: object) -> str:
    """A phone number typed as a number: without a dot and without an exponent."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="minutes")
    return str(cell).strip()


def _without_tail(cells: list[str]) -> list[str]:
    while cells and not cells[-1]:
        cells.pop()
    return cells
