"""
WeChat Pay's two statements, in yuan although its API speaks fen, with a backtick before every field.

``tradebill``: payments and refunds with the fee of each. ``fundflowbill``: every movement of the account with the
balance after it; the fee of a payment is a line of its own there and is put back to its payment, a refund is written
without the fee that came back with it. Both are read into the same rows under the same numbers, so that either may be
taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.utils.translation import gettext as _

from core.money import Money
from escrow.gateways.base import Statement, StatementRow
from escrow.statements import reading
from escrow.statements.reading import Collected, Kind, Wrong

CURRENCY = "CNY"
TRADE_SUMS, FLOW_SUMS = "总交易单数", "资金流水总笔数"
FAILED = frozenset({"FAIL", "REFUNDCLOSE", "CLOSED"})  # a refund that has moved nothing
_WITH_FEE = re.compile(r"退款总金额(\d+\.\d{2})元[;；,，]\s*含手续费(\d+\.\d{2})元")
Rows = Iterable[tuple[int, list[str]]]


def read(raw: bytes, *, name: str, day: date) -> Statement:
    """
    :raises BadStatement: if it is neither statement, a line cannot be read, or the sums at its end do not agree
    """
    rows = list(reading.table(reading.numbered(reading.text_of(raw))))
    for at, (_line, cells) in enumerate(rows):
        header = [_plain(cell) for cell in cells]
        if "微信订单号" in header and "交易状态" in header:
            return _trades(raw, name, header, rows[at + 1 :])
        if "资金流水单号" in header and "收支类型" in header:
            return _flow(raw, name, header, rows[at + 1 :])
    raise reading.whole(_("there is no line of column names with %(name)s") % {"name": "微信订单号"})


def _plain(column: str) -> str:
    return column.replace("（", "(").split("(")[0].strip()


def _split(rows: Rows, marker: str) -> tuple[list[tuple[int, list[str]]], dict[str, str]]:
    """
    The lines, and the sums at the end.

    :raises BadStatement: if there are no sums: the file was cut off
    """
    lines: list[tuple[int, list[str]]] = []
    rows = iter(rows)
    for line, cells in rows:
        if cells and cells[0] == marker:
            _number, values = next(rows, (line, []))
            try:
                return lines, reading.record(cells, values)
            except Wrong as wrong:
                raise reading.BadStatement([reading.Fault(line + 1, str(wrong))]) from wrong
        lines.append((line, cells))
    raise reading.whole(_("the sums at the end are missing: the file was cut off"))


# --- tradebill ------------------------------------------------------------------------------------------------------


def _trades(raw: bytes, name: str, header: list[str], rows: Rows) -> Statement:
    lines, sums = _split(rows, TRADE_SUMS)
    found = Collected()
    paid = fees = 0
    for line, cells in lines:
        try:
            row, is_void = _trade(reading.record(header, cells))
            fees += row.fee.minor
            paid += row.gross.minor if row.kind == "payment" else 0
            if not is_void:
                found.add(line, row)
        except Wrong as wrong:
            found.fault(line, str(wrong))
    statement = Statement(name, raw, found.done())
    _agree(sums, {TRADE_SUMS: len(lines), "应结订单总金额": paid, "手续费总金额": fees})
    return statement


def _trade(cells: dict[str, str]) -> tuple[StatementRow, bool]:
    """One payment or refund, and whether it has moved nothing."""
    kind: Kind
    try:
        state, currency = cells["交易状态"], cells["货币种类"] or CURRENCY
        fee, at = reading.minor(cells["手续费"], currency), reading.moment(cells["交易时间"])
        if state == "SUCCESS":
            gross = reading.minor(cells.get("应结订单金额", cells.get("总金额", "")), currency)
            ext_id, reference, kind = reading.number(cells["微信订单号"]), cells["商户订单号"], "payment"
        elif state in ("REFUND", "REVOKED"):
            gross = -abs(reading.minor(cells["退款金额"], currency))
            ext_id, reference, kind = reading.number(cells["微信退款单号"]), cells["商户退款单号"], "refund"
        else:
            raise Wrong(_("%(text)s is not a state of a payment") % {"text": state[:40]})
    except KeyError as missing:
        raise Wrong(_("there is no column %(name)s") % {"name": str(missing.args[0])}) from missing
    row = _row(ext_id, kind, gross, fee, currency, reference or cells["商户订单号"], at)
    return row, state != "SUCCESS" and cells.get("退款状态") in FAILED


def _row(ext_id: str, kind: Kind, gross: int, fee: int, currency: str, reference: str, at: datetime) -> StatementRow:
    return StatementRow(ext_id, kind, Money(gross, currency), Money(fee, currency), reference[:120], at)


# --- fundflowbill ---------------------------------------------------------------------------------------------------


def _flow(raw: bytes, name: str, header: list[str], rows: Rows) -> Statement:
    lines, sums = _split(rows, FLOW_SUMS)
    found = Collected()
    fees: dict[str, StatementRow] = {}
    closing: int | None = None
    came = went = 0
    for line, cells in lines:
        try:
            row, net, closing = _movement(reading.record(header, cells))
            came, went = came + max(net, 0), went - min(net, 0)
            if row.kind == "fee" and row.ext_id not in fees:
                fees[row.ext_id] = row
            else:
                found.add(line, row)
        except Wrong as wrong:
            found.fault(line, str(wrong))
    found.done()
    statement = Statement(
        name, raw, tuple(_with_fees(found.rows, fees)), None if closing is None else Money(closing, CURRENCY)
    )
    _agree(sums, {FLOW_SUMS: len(lines), "收入金额": came, "支出金额": went})
    return statement


def _movement(cells: dict[str, str]) -> tuple[StatementRow, int, int]:
    """One movement, what it did to the balance, and the balance after it."""
    try:
        sign = {"收入": 1, "支出": -1}.get(cells["收支类型"])
        net = reading.minor(cells["收支金额"], CURRENCY)
        after, at = reading.minor(cells["账户结余"], CURRENCY), reading.moment(cells["记账时间"])
        business, flow = reading.number(cells["微信支付业务单号"]), reading.number(cells["资金流水单号"])
        words, reference = f"{cells['业务名称']} {cells['业务类型']}", cells["业务凭证号"]
    except KeyError as missing:
        raise Wrong(_("there is no column %(name)s") % {"name": str(missing.args[0])}) from missing
    if sign is None or net < 0:
        raise Wrong(_("%(text)s is neither in nor out") % {"text": cells["收支类型"][:40]})
    net, fee = net * sign, 0
    kind: Kind
    if "手续费" in words or "服务费" in words:
        return _row(business, "fee", 0, -net, CURRENCY, reference, at), net, after
    if "退款" in words:
        kind, ext_id, fee = "refund", business, _fee_back(cells.get("备注", ""), net)
    elif "分账" in words or "提现" in words or "转账" in words or "付款" in words:
        kind, ext_id = "payout", f"{business}:{flow}"[:120]
    elif "交易" in words and net > 0:
        kind, ext_id = "payment", business
    else:
        kind, ext_id = "other", f"{business}:{flow}"[:120]
    return _row(ext_id, kind, net + fee, fee, CURRENCY, reference, at), net, after


def _fee_back(remark: str, net: int) -> int:
    """The fee that came back with a refund, negative; believed only if it explains what left the account."""
    match = _WITH_FEE.search(remark)
    if match is None:
        return 0
    refunded, back = reading.minor(match[1], CURRENCY), reading.minor(match[2], CURRENCY)
    return -back if net == back - refunded else 0


def _with_fees(rows: Sequence[StatementRow], fees: dict[str, StatementRow]) -> Iterable[StatementRow]:
    """Each payment with its fee; a fee whose payment is not in the file keeps a line of its own."""
    for row in rows:
        fee = fees.pop(row.ext_id, None) if row.kind in ("payment", "refund") else None
        yield replace(row, fee=row.fee + fee.fee) if fee else row
    for fee in fees.values():
        yield replace(fee, ext_id=f"{fee.ext_id}:fee"[:120])


def _agree(sums: dict[str, str], counted: dict[str, int]) -> None:
    """:raises BadStatement: if the sums at the end say something else than the lines"""
    for column, value in counted.items():
        said = sums.get(column)
        if said is None:
            continue
        try:
            there = int(said) if column in (TRADE_SUMS, FLOW_SUMS) else reading.minor(said, CURRENCY)
        except (Wrong, ValueError) as wrong:
            raise reading.whole(str(wrong)) from wrong
        if there != value:
            raise reading.whole(_("the sums do not agree with the lines: something is missing from the file"))
