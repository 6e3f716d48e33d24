"""Reading a merchant's shipping file: CSV as Excel and warehouse systems write it, in Chinese or English."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

MAX_BYTES = 1_000_000
MAX_ROWS = 2_000
MAX_CELL = 200
# Our name of a column → the heads it may have, lower case.
HEADS: dict[str, tuple[str, ...]] = {
    "order": ("order_number", "order", "order number", "订单号", "订单编号"),
    "carrier": ("carrier", "courier", "快递", "快递公司", "承运商"),
    "number": ("tracking_number", "tracking", "tracking number", "运单号", "快递单号"),
    "weight": ("weight_g", "weight", "weight in grams", "重量", "重量(克)", "重量（克）"),
}
REQUIRED = ("order", "carrier", "number")


class FileTooLarge(Invalid):
    code = "file_too_large"
    status = 413
    default_message = _("The file is too large. Split it: at most 2,000 rows or 1 MB at a time.")


class NotATable(Invalid):
    code = "not_a_table"
    default_message = _("This is not a CSV file we can read. Save it as CSV (UTF-8 or GBK) and try again.")


class ColumnsMissing(Invalid):
    code = "columns_missing"
    default_message = _("The file lacks columns that are needed.")


class NoRows(Invalid):
    code = "no_rows"
    default_message = _("The file has a head but no rows.")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file, as typed; ``line`` is its number in the file, the head being 1."""

    line: int
    order: str
    carrier: str
    number: str
    weight: str


def read(raw: bytes) -> list[Row]:
    """
    Read a shipping file: UTF-8 with or without BOM, UTF-16 as Excel saves it, or GBK; comma, semicolon or tab.

    :raises FileTooLarge: over 1 MB or 2,000 rows
    :raises NotATable: if it is no text table
    :raises ColumnsMissing: naming the columns that are missing
    :raises NoRows: if there is only a head
    """
    if len(raw) > MAX_BYTES:
        raise FileTooLarge
    lines = list(_lines(_decode(raw)))
    if not lines:
        raise NotATable
    columns = _columns(lines[0][1])
    rows = [_row(number, cells, columns) for number, cells in lines[1:] if any(cell.strip() for cell in cells)]
    if len(rows) > MAX_ROWS:
        raise FileTooLarge
    if not rows:
        raise NoRows
    return rows


def _decode(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise NotATable


def _lines(text: str) -> list[tuple[int, list[str]]]:
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [(reader.line_num, cells) for cells in reader]
    except csv.Error as fault:
        raise NotATable from fault


def _columns(head: list[str]) -> dict[str, int]:
    words = [cell.strip().lower() for cell in head]
    found = {name: words.index(word) for name, heads in HEADS.items() for word in heads if word in words}
    missing = [HEADS[name][0] for name in REQUIRED if name not in found]
    if len(missing) == len(REQUIRED):
        raise NotATable
    if missing:
        text = _("The file lacks these columns: %(names)s. Start from our template.") % {"names": ", ".join(missing)}
        raise ColumnsMissing(text)
    return found


def _row(line: int, cells: list[str], columns: dict[str, int]) -> Row:
    def cell(name: str) -> str:
        index = columns.get(name, -1)
        text = cells[index] if 0 <= index < len(cells) else ""
        # Excel keeps long numbers as text with a leading apostrophe or as ="123".
        return text.strip().removeprefix("'").removeprefix('="').removesuffix('"')[:MAX_CELL]

    return Row(line, cell("order"), cell("carrier"), cell("number"), cell("weight"))
