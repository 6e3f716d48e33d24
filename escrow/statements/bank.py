"""
A bank's statement as CSV, as its online banking exports it: columns in Chinese or English, in any order, with lines of
text above them. The words the payer wrote (附言, 摘要, reference) are searched for our references.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _

from core.money import Money
from escrow.gateways.base import Statement, StatementRow
from escrow.statements import reading
from escrow.statements.reading import Collected, Kind, Wrong

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "date": (
        "交易日期", "记账日期", "入账日期", "日期", "交易时间", "记账时间", "date", "booking date", "transaction date",
    ),
    "time": ("交易时间", "时间", "time"),
    "amount": ("交易金额", "金额", "发生额", "amount", "transaction amount"),
    "in": (
        "收入金额", "收入", "贷方发生额", "贷方金额", "转入金额", "存入金额",
        "credit", "credit amount", "money in", "paid in",
    ),
    "out": (
        "支出金额", "支出", "借方发生额", "借方金额", "转出金额", "支取金额",
        "debit", "debit amount", "money out", "paid out",
    ),
    "side": ("借贷标志", "借贷", "收支", "收支类型", "debit/credit", "direction"),
    "currency": ("币种", "货币", "currency"),
    "words": ("附言", "摘要", "备注", "用途", "交易附言", "reference", "description", "details", "memo", "purpose"),
    "party": ("对方户名", "对方名称", "对方账户名称", "对方账号", "counterparty", "payer", "name", "beneficiary"),
    "number": (
        "交易流水号", "流水号", "凭证号", "交易序号", "transaction id", "transaction number", "id", "bank reference",
    ),
    "balance": ("账户余额", "余额", "本次余额", "balance", "running balance"),
}  # fmt: skip
CURRENCIES = {"人民币": "CNY", "RMB": "CNY", "CNH": "CNY", "美元": "USD", "欧元": "EUR", "港币": "HKD", "日元": "JPY"}
OUT_WORDS, IN_WORDS = ("借", "支出", "debit", "dr", "d", "out"), ("贷", "收入", "credit", "cr", "c", "in")
FEE_WORDS = ("手续费", "账户管理费", "工本费", "bank charge", "service fee", "handling fee")
# TS: a payment's word. RF, PO: refunds and payouts that we send ourselves. No letter that is easily misread.
_GAP = r"[\s\-_.]?"
REFERENCE = re.compile(
    rf"(?<![A-Z0-9])(TS(?:{_GAP}[0-9A-HJKMNP-TV-Z]){{10}}|(?:RF|PO){_GAP}\d{{6,12}})(?![A-Z0-9])", re.ASCII
)


def find_reference(words: str) -> str:
    """Our reference in what somebody wrote; spaces and hyphens that banks put in do no harm. Empty if there is none."""
    match = REFERENCE.search(words.upper())
    return re.sub(r"[\s\-_.]", "", match[1]) if match else ""


def read(raw: bytes, *, name: str, day: date, currency: str = "CNY") -> Statement:
    """
    :raises BadStatement: if there are no columns of date and amount, or a line cannot be read
    """
    rows = list(reading.table(reading.numbered(reading.text_of(raw))))
    for at, (_line, cells) in enumerate(rows):
        places = _places(cells)
        if "date" in places and ("amount" in places or {"in", "out"} <= set(places)):
            return _read(raw, name, cells, places, rows[at + 1 :], currency)
    raise reading.whole(_("there is no line of column names with a date and an amount"))


def _places(cells: Sequence[str]) -> dict[str, list[int]]:
    """Which columns say what: only words and parties may stand in several."""
    names = [re.sub(r"[\(（].*", "", cell).strip().lower() for cell in cells]
    found: dict[str, list[int]] = {}
    for field, known in COLUMNS.items():
        at = [names.index(name) for name in known if name in names]
        if at:
            found[field] = at if field in ("words", "party") else at[:1]
    if found.get("time") == found.get("date"):
        found.pop("time", None)
    return found


def _read(
    raw: bytes, name: str, header: Sequence[str], places: dict[str, list[int]], rows: list[tuple[int, list[str]]],
    currency: str,
) -> Statement:  # fmt: skip
    found, same, balances = Collected(), Counter[str](), []
    for line, cells in rows:
        if _is_footer(cells):
            continue
        try:
            reading.record(header, cells)
            row, after = _row(cells, places, currency, same)
            found.add(line, row)
            balances.append((row, after))
        except Wrong as wrong:
            found.fault(line, str(wrong))
    return Statement(name, raw, found.done(), _closing(balances))


def _is_footer(cells: Sequence[str]) -> bool:
    """A line of sums below the table: it has words where the date should be."""
    return bool(cells) and cells[0].startswith(("合计", "总计", "小计", "total", "Total", "TOTAL", "#"))


def _row(
    cells: Sequence[str], places: dict[str, list[int]], currency: str, same: Counter[str]
) -> tuple[StatementRow, int | None]:
    def cell(field: str) -> str:
        return " ".join(cells[at] for at in places.get(field, ()) if cells[at])

    given = cell("currency").upper()
    unit = CURRENCIES.get(given, given) or currency
    if not re.fullmatch(r"[A-Z]{3}", unit):
        raise Wrong(_("%(text)s is not a currency") % {"text": given[:40]})
    net = _net(cell, unit, has_sides="in" in places and "out" in places)
    at = _at(cell("date"), cell("time"))
    after = reading.minor(cell("balance"), unit) if cell("balance") else None
    reference = find_reference(cell("words"))
    kind = _kind(net, cell("words"), reference)
    gross, fee = (0, -net) if kind == "fee" else (net, 0)
    ext_id = cell("number") or _digest([at.isoformat(), str(net), unit, cell("words"), cell("party"), str(after)], same)
    shown = reference or " ".join(f"{cell('words')} {cell('party')}".split())
    row = StatementRow(reading.number(ext_id), kind, Money(gross, unit), Money(fee, unit), shown[:120], at)
    return row, after


def _net(cell: Callable[[str], str], unit: str, *, has_sides: bool) -> int:
    """What moved, signed: from an amount with a sign, an amount with a side, or a column for each side."""
    if has_sides:
        came, went = reading.minor(cell("in"), unit), reading.minor(cell("out"), unit)
        if came and went:
            raise Wrong(_("money comes in and goes out on the same line"))
        net = came - abs(went)
    else:
        net = reading.minor(cell("amount"), unit)
        side = cell("side").strip().lower()
        if side:
            out = side.startswith(OUT_WORDS) if not side.isascii() else side in OUT_WORDS
            if not out and not (side.startswith(IN_WORDS) if not side.isascii() else side in IN_WORDS):
                raise Wrong(_("%(text)s is neither in nor out") % {"text": side[:40]})
            net = -abs(net) if out else abs(net)
    if not net:
        raise Wrong(_("no money moves on this line"))
    return net


def _at(day: str, clock: str) -> datetime:
    return reading.moment(clock if len(clock) > len("10:20:30") else f"{day} {clock}".strip())


def _kind(net: int, words: str, reference: str) -> Kind:
    if reference.startswith("RF"):
        return "refund"
    if reference.startswith("PO"):
        return "payout"
    if net < 0 and any(word in words.lower() for word in FEE_WORDS):
        return "fee"
    return "payment" if net > 0 else "other"


def _digest(parts: Sequence[str], same: Counter[str]) -> str:
    """A number for a line of a bank that gives none: the same line of the same file gets the same one again."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]
    same[digest] += 1
    return f"{digest}-{same[digest]}"


def _closing(balances: Sequence[tuple[StatementRow, int | None]]) -> Money | None:
    steps = [(row.gross.minor - row.fee.minor, after) for row, after in balances if after is not None]
    if len(steps) != len(balances):
        return None
    last = reading.closing(steps, is_newest_first=bool(balances) and balances[0][0].at > balances[-1][0].at)
    return None if last is None else Money(last, balances[0][0].gross.currency)
