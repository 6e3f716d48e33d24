"""A day of the pretended account as Alipay's zip: 账务明细 and its 汇总, in GBK, with tabs behind the fields."""

from __future__ import annotations

import io
import zipfile
from datetime import date

from escrow.fakepay.alipay import words
from escrow.fakepay.book import Book
from escrow.fakepay.entries import Move

COLUMNS = (
    "账务流水号", "业务流水号", "商户订单号", "商品名称", "发生时间", "对方账号",
    "收入金额（+元）", "支出金额（-元）", "账户余额（元）", "交易渠道", "业务类型", "备注",
)  # fmt: skip
KINDS = {
    "payment": "在线支付", "refund": "交易退款", "refund_failed": "退款退回",
    "release": "交易分账", "reversal": "交易退分账",
    "payout": "转账", "payout_returned": "转账退回", "dispute": "其它", "dispute_won": "其它",
}  # fmt: skip
SUMMARY = ("类型", "收入笔数", "收入金额（+元）", "支出笔数", "支出金额（-元）")


def zipped(book: Book, *, seller_id: str, day: str) -> bytes:
    """``day``: in China, as ``2026-11-28``."""
    rows: list[str] = []
    nets: list[tuple[str, int]] = []
    balance = 0
    with book.locked():
        moves = list(book.moves)
    for move in moves:
        for minor, kind, number in _parts(move):
            balance += minor
            if words.stamp(move.at).startswith(day):
                rows.append(_row(book, move, minor, kind, number, balance))
                nets.append((kind, minor))
    stem = f"{seller_id}0156_{day.replace('-', '')}"
    tables = (("账务明细", COLUMNS, rows), ("账务明细(汇总)", SUMMARY, _sums(nets)))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        for name, head, lines in tables:
            text = _file(seller_id, day, name.removesuffix("(汇总)"), ",".join(head), lines)
            files.writestr(f"{stem}_{name}.csv", text.encode("gbk"))
    return packed.getvalue()


def _sums(nets: list[tuple[str, int]]) -> list[str]:
    """What came in and went out of each kind, and of all."""
    lines = []
    for kind in [*dict.fromkeys(kind for kind, _ in nets), "合计"]:
        of_it = [minor for name, minor in nets if kind in (name, "合计")]
        came, went = [minor for minor in of_it if minor > 0], [minor for minor in of_it if minor < 0]
        lines.append(f"{kind},{len(came)},{words.yuan(sum(came))},{len(went)},{words.yuan(sum(went))}")
    return lines


def _parts(move: Move) -> list[tuple[int, str, str]]:
    """A movement and, as a line of its own, what Alipay keeps of it."""
    parts = [(move.minor, KINDS[move.kind], move.ref)]
    return [*parts, (-move.fee, "收费", move.ref + "F")] if move.fee else parts


def _row(book: Book, move: Move, minor: int, kind: str, number: str, balance: int) -> str:
    charge = book.charges.get(move.charge_ref)
    transfer = book.transfers.get(move.subject)
    refund = book.refunds.get(move.subject)
    trade_no = charge.data["trade_no"] if charge else move.subject
    parts = transfer.key.split("/") if transfer else []  # trade/number of a release, trade/number/merchant taken back
    ours = refund.data["no"] if refund else parts[1 if len(parts) > 1 else 0] if parts else charge.key if charge else ""
    subject = charge.description if charge else ""
    inward, outward = (words.yuan(minor), "0.00") if minor > 0 else ("0.00", words.yuan(minor))
    cells = (
        number, trade_no, ours, subject, words.stamp(move.at), "匿名用户", inward, outward, words.yuan(balance),
        "支付宝", kind, "",
    )  # fmt: skip
    return ",".join(f"{cell}\t" for cell in cells)


def _file(seller_id: str, day: str, title: str, head: str, lines: list[str]) -> str:
    begin = date.fromisoformat(day).strftime("%Y年%m月%d日")
    above = [
        f"#支付宝{title}查询",
        f"#账号：[{seller_id}0156]",
        f"#起始日期：[{begin} 00:00:00]   终止日期：[{begin} 23:59:59]",
        f"#{'-' * 40}{title}列表{'-' * 40}",
        head,
    ]
    below = [f"#{'-' * 40}{title}列表结束{'-' * 40}", f"#导出时间：[{begin} 23:59:59]"]
    return "\r\n".join([*above, *lines, *below, ""])
