"""Files for spreadsheets, which open them rightly and cannot be tricked by them. However long, memory stays flat."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import IO, Any

import xlsxwriter
from django.http import FileResponse, HttpResponse, HttpResponseBase
from django.utils import timezone

from core.money import Money, exponent

# A cell that starts with one of these would be run as a formula by a spreadsheet, some in their full-width form too.
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
CSV, XLSX = "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMATS = ("csv", "xlsx")
IN_MEMORY = 2**20  # bytes of a CSV file; what is larger lies on the disk while it is sent
SHEET_ROWS = 1_048_576  # as many has a sheet of Excel; then a new one begins
CELL_LETTERS = 32_767
_NOT_XML = re.compile("[\ufffe\uffff\ud800-\udfff]")
Rows = Iterable[Sequence[object]]


class Digits(str):
    """A number that is a name (of an order): a spreadsheet must neither round nor group it."""

    __slots__ = ()


def safe_cell(value: object) -> str:
    """A cell as text that no spreadsheet takes for a formula; plain numbers, negative ones too, stay numbers."""
    text = _as_text(value)
    starts = text.startswith(("\t", "\r", "\n")) or text.lstrip().startswith(FORMULA_STARTS)
    if starts and not _is_number(text):
        return "'" + text
    return text


def _as_text(value: object) -> str:
    if isinstance(value, Money):
        return value.digits
    if isinstance(value, datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, Digits):
        return f"{value}\t" if value else ""
    return "" if value is None else str(value)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal() and text.isascii()


def table_file(name: str, form: str, head: Sequence[object], rows: Rows) -> HttpResponseBase:
    """A table as ``name.csv`` or ``name.xlsx``, whichever ``form`` says."""
    make = xlsx_file if form == "xlsx" else csv_file
    return make(f"{name}.{form}", head, rows)


def csv_file(filename: str, head: Sequence[object], rows: Rows) -> HttpResponseBase:
    """A download in UTF-8 with BOM, which Excel needs to see Chinese."""
    spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - the answer closes it
    text = io.TextIOWrapper(spool, encoding="utf-8-sig", errors="replace", newline="")  # type: ignore[arg-type]
    writer = csv.writer(text)
    writer.writerow([safe_cell(cell) for cell in head])
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    text.flush()
    text.detach()
    return _download(filename, spool, CSV)


def xlsx_file(filename: str, head: Sequence[object], rows: Rows) -> HttpResponseBase:
    """
    A workbook: amounts are numbers with the decimals of their currency, times are times, all else is plain text.

    A text is never read as a formula or as a link, whatever it begins with.
    """
    target = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    _Book(target, head).write(rows)
    return _download(filename, target, XLSX)


class _Book:
    """A workbook that is written row by row, each forgotten at once."""

    def __init__(self, target: IO[bytes], head: Sequence[object]) -> None:
        self.book = xlsxwriter.Workbook(target, {"constant_memory": True})
        self.head = head
        self.bold = self.book.add_format({"bold": True})
        self.time = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.day = self.book.add_format({"num_format": "yyyy-mm-dd"})
        self.amounts: dict[str, Any] = {}

    def write(self, rows: Rows) -> None:
        sheet, at = self._sheet(), 1
        for row in rows:
            if at == SHEET_ROWS:
                sheet, at = self._sheet(), 1
            for column, cell in enumerate(row):
                self._cell(sheet, at, column, cell)
            at += 1
        self.book.close()

    def _sheet(self) -> Any:
        sheet = self.book.add_worksheet()
        sheet.set_column(0, len(self.head) - 1, 20)
        sheet.freeze_panes(1, 0)
        for column, word in enumerate(self.head):
            sheet.write_string(0, column, _as_text(word), self.bold)
        return sheet

    def _cell(self, sheet: Any, row: int, column: int, cell: object) -> None:
        if isinstance(cell, Money):
            sheet.write_number(row, column, cell.minor / 10 ** exponent(cell.currency), self._amount(cell.currency))
        elif isinstance(cell, int) and not isinstance(cell, bool):
            sheet.write_number(row, column, cell)
        elif isinstance(cell, datetime):
            sheet.write_datetime(row, column, timezone.localtime(cell).replace(tzinfo=None), self.time)
        elif isinstance(cell, date):
            sheet.write_datetime(row, column, datetime.combine(cell, datetime.min.time()), self.day)
        elif cell not in (None, ""):
            text = str.__str__(cell) if isinstance(cell, str) else str(cell)
            sheet.write_string(row, column, _NOT_XML.sub("\ufffd", text)[:CELL_LETTERS])

    def _amount(self, currency: str) -> Any:
        places = exponent(currency)
        if currency not in self.amounts:
            pattern = f"#,##0.{'0' * places}" if places else "#,##0"
            self.amounts[currency] = self.book.add_format({"num_format": pattern})
        return self.amounts[currency]


def json_file(filename: str, document: Mapping[str, Any]) -> HttpResponse:
    """A download that people may open in an editor."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _download(filename: str, content: IO[bytes], content_type: str) -> HttpResponseBase:
    """What is small goes out in one piece; a large file is read from the disk as it is sent."""
    size = content.seek(0, io.SEEK_END)
    content.seek(0)
    response: HttpResponseBase
    if size <= IN_MEMORY:
        with content:
            response = HttpResponse(content.read(), content_type=content_type)
    else:
        response = FileResponse(content, content_type=content_type)
        response.headers["Content-Length"] = str(size)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
