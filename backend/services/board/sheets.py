"""Tables for spreadsheets: CSV and XLSX.

Names of people come from a CRM and numbers from callers: a text that a spreadsheet would take for
a formula is told to it as text (OWASP, "CSV Injection", read 2026-11-20).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell import cell as cells
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

Cell = str | int
Table = Sequence[Sequence[Cell]]
"""The first row is its heading."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_csv(table: Table, *, separator: str) -> bytes:
    """With a byte order mark, by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n")
    for row in table:
        writer.writerow([_plain(cell) if isinstance(cell, str) else cell for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_xlsx(sheets: Iterable[tuple[str, Table]]) -> bytes:
    """One sheet after another, each with its name. Texts are texts, never formulas."""
    book = Workbook(write_only=True)
    for name, table in sheets:
        sheet = book.create_sheet(_sheet_name(name))
        for row in table:
            sheet.append([_written(sheet, cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _written(sheet: WriteOnlyWorksheet, cell: Cell) -> cells.Cell:
    if isinstance(cell, int):
        return WriteOnlyCell(sheet, value=cell)
    written = WriteOnlyCell(sheet, value=cells.ILLEGAL_CHARACTERS_RE.sub("", cell))
    # Otherwise one that begins with "=" would be a formula.
    written.data_type = "s"
    return written


def _sheet_name(name: str) -> str:
    """At most 31 characters, without those a sheet's name may not have."""
    return re.sub(r"[\[\]:*?/\\]", " ", name)[:31] or "1"
