"""
The day's files of the pretended WeChat Pay: CSV with a backtick before every field, a summary, amounts in yuan.

Columns: "交易账单详细说明" and "资金账单详细说明".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from escrow.fakepay.entries import Move
from escrow.fakepay.wechat.desk import Desk
from escrow.fakepay.wechat.words import CHINA, REFUND_WORDS, No

TRADES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,"
    "申请退款金额,费率备注"
)
TRADES_SUM = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
FLOW = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
FLOW_SUM = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"
_NAMES = {
    "payment": "交易", "refund": "退款", "refund_failed": "退款失败退回", "release": "分账", "reversal": "分账回退",
    "payout": "商家转账", "payout_returned": "商家转账退回", "dispute": "交易纠纷扣款", "dispute_won": "交易纠纷退回",
}  # fmt: skip


def file_of(desk: Desk, kind: str, day: str) -> bytes:
    """:raises No: for a day that is not over, is no day, or without movements"""
    if not re.match(r"\A\d{4}-\d{2}-\d{2}\Z", day):
        raise No(400, "PARAM_ERROR", "bill_date")
    if day > _local(desk.book.clock.now()).strftime("%Y-%m-%d"):
        raise No(400, "INVALID_REQUEST", "bill_date")
    moves = [row for row in desk.book.moves if _local(row.at).strftime("%Y-%m-%d") == day]
    if not moves:
        raise No(404, "NO_STATEMENT_EXIST")
    return _trades(desk, moves) if kind == "tradebill" else _flow(desk, moves)


def _trades(desk: Desk, moves: Sequence[Move]) -> bytes:
    rows, sums = [], [0, 0, 0, 0, 0]  # payments, refunds, fees, of them
    for move in moves:
        if move.kind not in ("payment", "refund"):
            continue
        charge = desk.book.charges[move.charge_ref]
        refund = desk.book.refunds.get(move.subject)
        paid = 0 if refund else move.minor
        back = refund.minor if refund else 0
        arrival = refund.arrival_ref if refund else move.subject
        trade = ("REFUND", refund.ref, refund.key, "ORIGINAL", REFUND_WORDS[refund.state]) if refund else None
        state, refund_id, own, way, how = trade or ("SUCCESS", "0", "0", "", "")
        rows.append(
            (
                _time(move), desk.keys.appid, desk.keys.mchid, "0", "", arrival, charge.key, "oFakepayPayer",
                charge.data.get("trade_type", "NATIVE"), state, "OTHERS", move.currency, yuan(paid), "0.00", refund_id,
                own, yuan(back), "0.00", way, how, charge.description, "", f"{move.fee / 100:.5f}", "0.60%",
                yuan(paid), yuan(back), "",
            )
        )  # fmt: skip
        sums = [old + new for old, new in zip(sums, (paid, back, move.fee, paid, back), strict=True)]
    total = (str(len(rows)), yuan(sums[0]), yuan(sums[1]), "0.00", f"{sums[2] / 100:.5f}", yuan(sums[3]), yuan(sums[4]))
    return _csv(TRADES, rows, TRADES_SUM, total)


def _flow(desk: Desk, moves: Sequence[Move]) -> bytes:
    left = sum(row.minor - row.fee for row in desk.book.moves[: desk.book.moves.index(moves[0])])
    rows: list[tuple[str, ...]] = []
    came: list[int] = []
    went: list[int] = []
    for move in moves:
        for kind, minor in ((_NAMES[move.kind], move.minor), ("扣除交易手续费", -move.fee)):
            if minor:
                left += minor
                (came if minor > 0 else went).append(abs(minor))
                way = "收入" if minor > 0 else "支出"
                rows.append(
                    (_time(move), _business(desk, move), move.ref, kind, kind, way, yuan(abs(minor)), yuan(left),
                     "system", "", _voucher(desk, move))
                )  # fmt: skip
    total = (str(len(rows)), str(len(came)), yuan(sum(came)), str(len(went)), yuan(sum(went)))
    return _csv(FLOW, rows, FLOW_SUM, total)


def _business(desk: Desk, move: Move) -> str:
    """WeChat Pay's own number of what moved: of the transaction, the refund, the transfer."""
    return move.subject


def _voucher(desk: Desk, move: Move) -> str:
    """The shop's number of it."""
    book = desk.book
    row = book.refunds.get(move.subject) or book.transfers.get(move.subject) or book.charges.get(move.charge_ref)
    return row.key if row else ""


def _csv(head: str, rows: Iterable[Sequence[str]], sum_head: str, sums: Sequence[str]) -> bytes:
    lines = [head, *(",".join(f"`{field}" for field in row) for row in rows), sum_head]
    lines.append(",".join(f"`{field}" for field in sums))
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at, CHINA)


def _time(move: Move) -> str:
    return _local(move.at).strftime("%Y-%m-%d %H:%M:%S")


def yuan(minor: int) -> str:
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"
