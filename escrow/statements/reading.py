"""What the readers share: text and tables out of bytes, amounts without floats, times, and faults that name a line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.errors import DomainError
from core.money import MAX_MINOR, Money, exponent
from escrow.gateways.base import StatementRow

CHINA = ZoneInfo("Asia/Shanghai")  # the providers' clock: their files carry no zone
MAX_BYTES = 64 * 1024 * 1024
MAX_FAULTS = 50
AROUND = " \t`'\"="
FIRST_YEAR, LAST_YEAR = 2000, 2100  # beyond them it is no time of a movement, and at the calendar's ends no zone fits
FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y%m%d %H:%M:%S", "%Y%m%d%H%M%S", "%Y%m%d")
_AMOUNT = re.compile(r"\A([+-]?)(\d{1,12})(?:\.(\d{1,8}))?\Z", re.ASCII)
Kind = Literal["payment", "refund", "payout", "fee", "chargeback", "other"]
_NUMBER = re.compile(r"[\x21-\x7e]{1,120}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line; 0: with the file as a whole."""

    line: int
    why: str


class BadStatement(DomainError):
    """Not a statement of this provider, or one with lines that cannot be read. Nothing of it is taken."""

    code = "bad_statement"
    status = 400
    default_message = gettext_lazy("This is not a statement of that provider.")

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self.faults = tuple(faults)
        super().__init__(_sentence(self.faults) if faults else None)


def _sentence(faults: Sequence[Fault]) -> str:
    first, more = faults[0], len(faults) - 1
    text = _("Line %(line)d: %(why)s") % {"line": first.line, "why": first.why} if first.line else first.why
    if more:
        text += " " + ngettext("%(n)d more line is wrong.", "%(n)d more lines are wrong.", more) % {"n": more}
    return text


class Wrong(Exception):
    """One field cannot be read; ``args[0]`` says why, in the reader's language."""


@dataclass(slots=True)
class Collected:
    """Rows read so far and what was wrong with others; each provider's number may stand once."""

    rows: list[StatementRow] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)

    def add(self, line: int, row: StatementRow) -> None:
        """:raises Wrong: if the number was there before"""
        before = self.seen.setdefault(row.ext_id, line)
        if before != line:
            raise Wrong(_("the number %(number)s is on line %(line)d already") % {"number": row.ext_id, "line": before})
        self.rows.append(row)

    def fault(self, line: int, why: str) -> None:
        """:raises BadStatement: when there are so many that more would not help"""
        self.faults.append(Fault(line, why))
        if len(self.faults) >= MAX_FAULTS:
            raise BadStatement(self.faults)

    def done(self) -> tuple[StatementRow, ...]:
        """
        All rows.

        :raises BadStatement: if any line was wrong
        """
        if self.faults:
            raise BadStatement(self.faults)
        return tuple(self.rows)


def whole(why: str) -> BadStatement:
    """A fault of the file as a whole."""
    return BadStatement([Fault(0, why)])


def text_of(raw: bytes) -> str:
    """
    The text of a file in UTF-8, with or without a byte order mark, or else in GBK.

    :raises BadStatement: if it is neither, or too large
    """
    if len(raw) > MAX_BYTES:
        raise whole(_("the file is too large"))
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text.removeprefix("\ufeff")
    raise whole(_("the file is neither UTF-8 nor GBK text"))


def table(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """
    Line numbers and cells; what spreadsheets and providers put around a cell is taken off, empty lines are left out.

    Where a backtick begins every field, a comma alone does not end one.

    :raises BadStatement: if a line is no row of a table
    """
    for at, line in lines:
        if not line.strip(" \t,"):
            continue
        is_ticked = line.startswith("`")
        try:
            cells = line[1:].split(",`") if is_ticked else next(csv.reader(io.StringIO(line)), [])
        except csv.Error as fault:  # a cell of more than 128 KiB
            raise BadStatement([Fault(at, _("this line cannot be read"))]) from fault
        yield at, [cell.strip(" \t" if is_ticked else AROUND) for cell in cells]


def numbered(text: str) -> list[tuple[int, str]]:
    return list(enumerate(re.split(r"\r\n|\r|\n", text), start=1))


def record(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """
    Cells by the name of their column.

    :raises Wrong: if the line has fewer or more cells than the header
    """
    while len(cells) > len(header) and not cells[-1]:
        cells = cells[:-1]
    if len(cells) != len(header):
        raise Wrong(_("%(there)d columns instead of %(wanted)d") % {"there": len(cells), "wanted": len(header)})
    return dict(zip(header, cells, strict=True))


def minor(text: str, currency: str) -> int:
    """
    A signed decimal amount in minor units; an empty one is nothing. Zeros may stand beyond the currency's decimals.

    :raises Wrong: for anything else
    """
    cleaned = text.replace(",", "").replace(" ", "").removeprefix("¥").removeprefix("￥")
    if cleaned in ("", "-", "--", "/"):
        return 0
    match = _AMOUNT.match(cleaned)
    places = exponent(currency)
    decimals = (match[3] or "") if match else ""
    if match is None or decimals[places:].strip("0"):
        raise Wrong(_("%(text)s is not an amount in %(currency)s") % {"text": text[:40], "currency": currency})
    value = int(match[2]) * 10**places + int(decimals[:places].ljust(places, "0") or "0")
    return -value if match[1] == "-" else value


def whole_minor(value: object) -> int:
    """
    An amount that is given in whole minor units.

    :raises Wrong: if it is no whole number
    """
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > MAX_MINOR:
        raise Wrong(_("%(text)s is not an amount in whole minor units") % {"text": str(value)[:40]})
    return value


def moment(text: str) -> datetime:
    """
    A time of the provider's clock, which is China's.

    :raises Wrong: if it is no time
    """
    cleaned = " ".join(text.replace("/", "-").replace("T", " ").split())
    for form in FORMS:
        try:
            found = datetime.strptime(cleaned, form).replace(tzinfo=CHINA)
        except ValueError:
            continue
        return within(found, text)
    raise Wrong(_("%(text)s is not a time") % {"text": text[:40]})


def within(at: datetime, text: str) -> datetime:
    """
    A time, if money may have moved then.

    :raises Wrong: if not
    """
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise Wrong(_("%(text)s is not a time") % {"text": text[:40]})
    return at


def words(text: str) -> str:
    """What a file says in words, as a column can keep it: JSON may write what is no text (half a pair, a zero)."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")[:120]


def number(text: str) -> str:
    """
    A provider's number of something.

    :raises Wrong: if it is empty, too long, or damaged by a spreadsheet (``4.2E+27``)
    """
    if not _NUMBER.match(text) or re.fullmatch(r"\d(\.\d+)?E\+\d+", text):
        raise Wrong(_("%(text)s is not a number of the provider") % {"text": text[:40] or _("an empty field")})
    return text


def closing(steps: Sequence[tuple[int, int]], *, is_newest_first: bool) -> int | None:
    """
    The balance after the last of these movements (what moved, and the balance after it).

    Some files begin with the newest line: the balances themselves tell which end is the last, and only where they do
    not chain, or both ways would do, ``is_newest_first``.
    """
    if not steps:
        return None
    pairs = list(pairwise(steps))
    down = all(before[1] + after[0] == after[1] for before, after in pairs)
    up = all(after[1] + before[0] == before[1] for before, after in pairs)
    is_up = is_newest_first if down == up else up
    return steps[0 if is_up else -1][1]


def money(value: Mapping[str, object]) -> Money:
    """:raises Wrong: if it is not ``{"minor", "currency"}``"""
    currency = value.get("currency")
    if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency):
        raise Wrong(_("%(text)s is not a currency") % {"text": str(currency)[:40]})
    return Money(whole_minor(value.get("minor")), currency)
