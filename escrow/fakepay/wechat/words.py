"""What WeChat Pay's dialect is made of: refusals in its words, its times and amounts, and the rows as it tells them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from escrow.fakepay.entries import Charge, Refund, Transfer

CHINA = timezone(timedelta(hours=8))
OWN_NUMBER = re.compile(r"\A[0-9A-Za-z_\-|*]{6,32}\Z", re.ASCII)
LONG_NUMBER = re.compile(r"\A[0-9A-Za-z_\-|*@]{1,64}\Z", re.ASCII)
LETTERS = re.compile(r"\A[0-9A-Za-z]{1,32}\Z", re.ASCII)
REFUND_WORDS = {"pending": "PROCESSING", "done": "SUCCESS", "failed": "ABNORMAL", "returned": "CLOSED"}
SHARE_WORDS = {"pending": "PENDING", "done": "SUCCESS", "failed": "CLOSED", "returned": "CLOSED"}
RETURN_WORDS = {"pending": "PROCESSING", "done": "SUCCESS", "failed": "FAILED", "returned": "FAILED"}
TRANSFER_WORDS = {"pending": "WAIT_USER_CONFIRM", "done": "SUCCESS", "failed": "FAIL", "returned": "CANCELLED"}


class No(Exception):
    """A refusal as WeChat Pay says it: HTTP status, code and message."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        self.status = status
        self.code = code
        self.message = message or code
        super().__init__(code)


def rfc3339(at: float) -> str:
    return datetime.fromtimestamp(int(at), CHINA).isoformat()


def unix(text: Any) -> float:
    """:raises No: if it is no moment"""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError) as fault:
        raise No(400, "PARAM_ERROR", "time") from fault
    if at.tzinfo is None:
        raise No(400, "PARAM_ERROR", "time without zone")
    return at.timestamp()


def object_in(body: bytes) -> dict[str, Any]:
    """:raises No: if the body is no JSON object"""
    try:
        content = json.loads(body or b"{}")
    except ValueError as fault:
        raise No(400, "PARAM_ERROR", "no JSON") from fault
    if not isinstance(content, dict):
        raise No(400, "PARAM_ERROR", "no object")
    return content


def text(content: Mapping[str, Any], name: str, form: re.Pattern[str] | None = None, *, most: int = 256) -> str:
    """:raises No: if the field is missing or has another form"""
    value = content.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most or (form and not form.match(value)):
        raise No(400, "PARAM_ERROR", name)
    return value


def fen(content: Any, name: str) -> int:
    """:raises No: if the field is not a whole positive number"""
    value = content.get(name) if isinstance(content, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise No(400, "PARAM_ERROR", name)
    return value


def state_of(charge: Charge, *, has_refunds: bool) -> str:
    if charge.arrivals:
        return "REFUND" if has_refunds else "SUCCESS"
    return {"open": "NOTPAY", "declined": "PAYERROR", "closed": "CLOSED"}.get(charge.state, "NOTPAY")


def told_charge(charge: Charge, *, mchid: str, appid: str, has_refunds: bool) -> dict[str, Any]:
    """An order as "商户订单号查询订单" and the payment notice tell it."""
    told: dict[str, Any] = {
        "appid": charge.data.get("paid_appid", appid),
        "mchid": charge.data.get("paid_mchid", mchid),
        "out_trade_no": charge.key,
        "trade_state": state_of(charge, has_refunds=has_refunds),
        "trade_state_desc": charge.reason or charge.state,
        "amount": {"total": charge.minor, "currency": charge.currency},
    }
    if charge.arrivals:
        first = charge.arrivals[0]
        coupon = min(int(charge.data.get("coupon", 0)), first.minor)
        told |= {
            "transaction_id": first.ref,
            "trade_type": charge.data.get("trade_type", "NATIVE"),
            "bank_type": "OTHERS",
            "success_time": rfc3339(first.at),
            "payer": {"openid": "oFakepayPayer0000000000000000"},
            "amount": {
                "total": first.minor,
                "payer_total": first.minor - coupon,
                "currency": first.currency,
                "payer_currency": first.currency,
            },
        }
    return told


def told_refund(row: Refund, charge: Charge) -> dict[str, Any]:
    told = {
        "refund_id": row.ref,
        "out_refund_no": row.key,
        "transaction_id": row.arrival_ref,
        "out_trade_no": charge.key,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": rfc3339(row.at),
        "status": REFUND_WORDS[row.state],
        "amount": {"total": charge.arrivals[0].minor, "refund": row.minor, "currency": row.currency},
    }
    return told | ({"success_time": rfc3339(row.at)} if row.state == "done" else {})


def told_share(row: Transfer) -> dict[str, Any]:
    receiver = {
        "amount": row.minor,
        "description": row.data.get("description", ""),
        "type": row.data.get("type", "MERCHANT_ID"),
        "account": row.to,
        "result": SHARE_WORDS[row.state],
        "detail_id": f"d{row.ref}",
        "create_time": rfc3339(row.at),
        "finish_time": rfc3339(row.at),
    }
    if row.state in ("failed", "returned"):
        receiver["fail_reason"] = "ACCOUNT_ABNORMAL"
    return {
        "transaction_id": row.data["transaction_id"],
        "out_order_no": row.key,
        "order_id": row.ref,
        "state": "PROCESSING" if row.state == "pending" else "FINISHED",
        "receivers": [receiver],
    }


def told_return(row: Transfer, release: Transfer) -> dict[str, Any]:
    told = {
        "order_id": release.ref,
        "out_order_no": release.key,
        "out_return_no": row.key,
        "return_id": row.ref,
        "return_mchid": release.to,
        "amount": row.minor,
        "description": row.data.get("description", ""),
        "result": RETURN_WORDS[row.state],
        "create_time": rfc3339(row.at),
        "finish_time": rfc3339(row.at),
    }
    return told | ({"fail_reason": "BALANCE_NOT_ENOUGH"} if row.state == "failed" else {})


def told_transfer(row: Transfer, *, mchid: str) -> dict[str, Any]:
    told = {
        "mch_id": mchid,
        "out_bill_no": row.key,
        "transfer_bill_no": row.ref,
        "state": TRANSFER_WORDS[row.state],
        "transfer_amount": row.minor,
        "openid": row.to,
        "create_time": rfc3339(row.at),
        "update_time": rfc3339(row.at),
    }
    if row.state == "pending":
        told["package_info"] = f"package-{row.ref}"
    return told | ({"fail_reason": "PAYEE_ACCOUNT_ABNORMAL"} if row.state in ("failed", "returned") else {})
