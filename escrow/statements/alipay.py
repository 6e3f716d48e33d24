"""
Alipay's statement of our account (``bill_type=signcustomer``): a zip with one GBK table of movements (账务明细) and
one of sums (汇总), or the table alone. Comments begin with ``#``, cells end in tabs, in and out are two columns, and
each line carries the balance after it. The fee of a payment is a line of its own (收费).
"""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from core.money import Money
from escrow.gateways.base import Statement, StatementRow
from escrow.statements import reading
from escrow.statements.reading import Collected, Kind, Wrong

CURRENCY = "CNY"
MAX_MEMBERS = 20
FIRST_COLUMN = "账务流水号"
FEES = ("收费", "服务费", "手续费", "退费")
SUMS = ("类型", "收入笔数")  # how the table of sums begins
# What zipfile says of an archive that is bent: lengths and places below zero, names in no encoding, other compressions.
DAMAGE = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, RuntimeError, EOFError, OSError, ValueError,
    IndexError, OverflowError,
)  # fmt: skip


def read(raw: bytes, *, name: str, day: date) -> Statement:
    """
    :raises BadStatement: if it is no such statement, a line cannot be read, or the sums do not agree with the lines
    """
    details, sums = _tables(raw)
    header, rows = details
    found = Collected()
    balances: list[tuple[int, int]] = []
    for line, cells in rows:
        try:
            row, after = _row(reading.record(header, cells))
            found.add(line, row)
            balances.append((row.gross.minor - row.fee.minor, after))
        except Wrong as wrong:
            found.fault(line, str(wrong))
    statement = Statement(name, raw, found.done(), _closing(balances, found.rows))
    if sums is not None:
        _agree(sums, statement.rows)
    return statement


Table = tuple[list[str], list[tuple[int, list[str]]]]


def _tables(raw: bytes) -> tuple[Table, Table | None]:
    """The table of movements and, where there is one, that of sums: told apart by their headers, not their names."""
    details, sums = None, None
    for part in _members(raw):
        lines = reading.table(line for line in reading.numbered(reading.text_of(part)) if not line[1].startswith("#"))
        rows = list(lines)
        at = next((i for i, (_line, cells) in enumerate(rows) if FIRST_COLUMN in cells), None)
        if at is not None:
            details = ([_plain(cell) for cell in rows[at][1]], rows[at + 1 :])
            continue
        at = next((i for i, (_line, cells) in enumerate(rows) if tuple(cells[:2]) == SUMS), None)
        if at is not None:
            sums = ([_plain(cell) for cell in rows[at][1]], rows[at + 1 :])
    if details is None:
        raise reading.whole(_("there is no line of column names with %(name)s") % {"name": FIRST_COLUMN})
    return details, sums


def _members(raw: bytes) -> list[bytes]:
    if not raw.startswith(b"PK"):
        return [raw]
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            if len(infos) > MAX_MEMBERS or sum(info.file_size for info in infos) > reading.MAX_BYTES:
                raise reading.whole(_("the file is too large"))
            return [archive.read(info) for info in infos]
    except DAMAGE as fault:
        raise reading.whole(_("the archive is damaged")) from fault


def _plain(column: str) -> str:
    """A column's name without the unit, which is written in more than one way: ``收入金额（+元）`` → ``收入金额``."""
    return column.replace("（", "(").split("(")[0].strip()


def _row(cells: dict[str, str]) -> tuple[StatementRow, int]:
    """One movement, and the balance after it."""
    try:
        came, went = (reading.minor(cells[name], CURRENCY) for name in ("收入金额", "支出金额"))
        after = reading.minor(cells["账户余额"], CURRENCY)
        ext_id, at = reading.number(cells[FIRST_COLUMN]), reading.moment(cells["发生时间"])
    except KeyError as missing:
        raise Wrong(_("there is no column %(name)s") % {"name": str(missing.args[0])}) from missing
    if came < 0 or (came and went):
        raise Wrong(_("money comes in and goes out on the same line"))
    net = came - abs(went)  # what goes out is written with a minus in some files and without in others
    if not net:
        raise Wrong(_("no money moves on this line"))
    kind = _kind(cells.get("业务类型", ""), cells.get("业务描述", ""), net)
    reference = cells.get("商户订单号", "") or cells.get("业务流水号", "")
    gross, fee = (0, -net) if kind == "fee" else (net, 0)
    return StatementRow(ext_id, kind, Money(gross, CURRENCY), Money(fee, CURRENCY), reference[:120], at), after


def _kind(kind: str, words: str, net: int) -> Kind:
    text = f"{kind} {words}"
    if any(word in text for word in FEES):
        return "fee"
    if "分账" in text:
        return "payout"  # what was passed on to merchants, and what came back from them
    if "退款" in text:
        return "refund"
    if "提现" in text or "转账" in text or "代发" in text:
        return "payout" if net < 0 or "退" in text else "other"
    if "支付" in text or "交易" in text:
        return "payment" if net > 0 else "other"
    return "other"


def _closing(balances: Sequence[tuple[int, int]], rows: Sequence[StatementRow]) -> Money | None:
    after = reading.closing(balances, is_newest_first=bool(rows) and rows[0].at > rows[-1].at)
    return None if after is None else Money(after, CURRENCY)


def _agree(sums: Table, rows: Sequence[StatementRow]) -> None:
    """:raises BadStatement: if the sums at the side say something else than the lines"""
    header, lines = sums
    whole = next((cells for _line, cells in lines if cells and cells[0] == "合计"), None)
    if whole is None:
        return
    try:
        cells = reading.record(header, whole)
        came, went = (reading.minor(cells.get(name, ""), CURRENCY) for name in ("收入金额", "支出金额"))
    except Wrong as wrong:
        raise reading.whole(str(wrong)) from wrong
    nets = [row.gross.minor - row.fee.minor for row in rows]
    there = (sum(net for net in nets if net > 0), -sum(net for net in nets if net < 0))
    if there != (came, abs(went)):
        raise reading.whole(_("the sums do not agree with the lines: something is missing from the file"))
