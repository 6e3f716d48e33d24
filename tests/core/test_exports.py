"""Files for spreadsheets: what the cells are, that none is a formula, and that length costs no memory."""

from __future__ import annotations

import tracemalloc
import zipfile
from datetime import UTC, date, datetime
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
from django.http import FileResponse

from core import exports
from core.exports import Digits, csv_file, table_file, xlsx_file
from core.money import Money

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
AT = datetime(2026, 11, 28, 16, 30, tzinfo=UTC)  # half past midnight in China


def body(answer) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def sheets(answer) -> list[list[list[dict]]]:
    """Sheet by sheet, row by row: type, text and number format of every cell, and whether it is a formula."""
    book = zipfile.ZipFile(BytesIO(body(answer)))
    styles = ET.fromstring(book.read("xl/styles.xml"))
    names = {one.get("numFmtId"): one.get("formatCode") for one in styles.iter(f"{MAIN}numFmt")}
    formats = [names.get(one.get("numFmtId"), "") for one in styles.find(f"{MAIN}cellXfs")]
    found = []
    for name in sorted(one for one in book.namelist() if one.startswith("xl/worksheets/sheet")):
        rows = ET.fromstring(book.read(name)).iter(f"{MAIN}row")
        found.append([_row(row, formats) for row in rows])
    return found


def _row(row, formats):
    """With an empty cell for each that was not written; our tables have less than 26 columns."""
    cells = {ord(cell.get("r")[0]) - ord("A"): _cell(cell, formats) for cell in row}
    nothing = {"type": "", "text": "", "format": "", "formula": False}
    return [cells.get(at, nothing) for at in range(max(cells) + 1)]


def _cell(cell, formats):
    text = "".join(cell.itertext())
    return {
        "type": cell.get("t", "n"), "text": text, "format": formats[int(cell.get("s", 0))],
        "formula": cell.find(f"{MAIN}f") is not None,
    }  # fmt: skip


def test_a_workbook_holds_amounts_as_numbers_and_times_as_times():
    row = (
        AT,
        date(2026, 11, 28),
        "茶",
        Digits("20261128000001"),
        Money(-123_456),
        Money(500, "JPY"),
        Money(1_234, "KWD"),
        7,
    )
    (rows,) = sheets(xlsx_file("a.xlsx", ("Time", "Day"), [row]))
    assert [cell["text"] for cell in rows[0]] == ["Time", "Day"]
    at, day, word, digits, yuan, yen, dinar, count = rows[1]
    assert (at["type"], at["format"]) == ("n", "yyyy-mm-dd hh:mm:ss")
    assert float(at["text"]) == pytest.approx(46_355 + 30 / 1440)  # 29 November 2026, as Excel counts days, local time
    assert (day["text"], day["format"]) == ("46354", "yyyy-mm-dd")
    assert (word["type"], word["text"]) == ("inlineStr", "茶")
    assert (digits["type"], digits["text"]) == ("inlineStr", "20261128000001")
    assert (yuan["text"], yuan["format"]) == ("-1234.56", "#,##0.00")
    assert (yen["text"], yen["format"]) == ("500", "#,##0")
    assert (dinar["text"], dinar["format"]) == ("1.234", "#,##0.000")
    assert (count["type"], count["text"]) == ("n", "7")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "＝1", "http://a.example", "12", "{=1}", "\x0b\uffff"]
)
def test_a_text_stays_a_text(text):
    (rows,) = sheets(xlsx_file("a.xlsx", ("What",), [(text,)]))
    assert rows[1][0]["type"] == "inlineStr"
    assert not rows[1][0]["formula"]
    if text.isprintable() and "\t" not in text:
        assert rows[1][0]["text"] == text
    csv = body(csv_file("a.csv", ("What",), [(text,)])).decode("utf-8-sig")
    assert not csv.split("\r\n", 1)[1].lstrip('"').startswith(("=", "+", "@", "-1+", "＝"))


def test_a_csv_keeps_the_digits_of_a_name_and_the_sign_of_an_amount():
    text = body(csv_file("a.csv", ("x",), [(Digits("2026"), Money(-500), AT, None, Digits(""))])).decode("utf-8-sig")
    assert text.splitlines()[1] == "2026\t,-5.00,2026-11-29 00:30:00,,"


def test_a_sheet_that_is_full_goes_on_in_the_next(monkeypatch):
    monkeypatch.setattr(exports, "SHEET_ROWS", 4)
    found = sheets(xlsx_file("a.xlsx", ("n",), [(n,) for n in range(7)]))
    assert [[row[0]["text"] for row in sheet] for sheet in found] == [
        ["n", "0", "1", "2"],
        ["n", "3", "4", "5"],
        ["n", "6"],
    ]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_many_rows_need_no_more_memory_than_few(form):
    def peak(count: int) -> int:
        tracemalloc.start()
        answer = table_file("a", form, ("Time", "What", "Amount"), ((AT, f"row {n}", Money(n)) for n in range(count)))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        del answer
        return used

    peak(10)  # modules and caches
    assert peak(20_000) < peak(1_000) + 2**21


def test_a_large_file_lies_on_the_disk_and_has_its_length():
    answer = csv_file("a.csv", ("x",), (("y" * 1_000,) for _ in range(2_000)))
    assert isinstance(answer, FileResponse)
    assert int(answer["Content-Length"]) == len(body(answer)) > exports.IN_MEMORY
    assert answer["Content-Disposition"] == 'attachment; filename="a.csv"'
    assert answer["Cache-Control"] == "private, no-store"
