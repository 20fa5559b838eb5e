"""A workbook as spreadsheets pack it: shared strings, numbers as numbers."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

_NS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(rows: Sequence[Sequence[str]]) -> bytes:
    words: list[str] = []
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = []
        for place, text in enumerate(row):
            name = f"{chr(ord('A') + place)}{number}"
            if text.isdigit():
                cells.append(f'<c r="{name}"><v>{float(text):.10E}</v></c>')
            else:
                cells.append(f'<c r="{name}" t="s"><v>{len(words)}</v></c>')
                words.append(text)
        lines.append(f'<row r="{number}">{"".join(cells)}</row>')
    sheet = f'<worksheet xmlns="{_NS}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
    shared = "".join(f"<si><t>{escape(word)}</t></si>" for word in words)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", sheet)
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_NS}">{shared}</sst>')
    return packed.getvalue()
