"""A workbook as spreadsheets pack it: numbers as numbers."""

from __future__ import annotations

import io
from collections.abc import Sequence

from openpyxl import Workbook


def workbook(rows: Sequence[Sequence[str]]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append([float(text) if text.isdigit() else text for text in row])
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()
