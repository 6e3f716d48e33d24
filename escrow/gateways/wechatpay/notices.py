"""
Notices of WeChat Pay: verified on their raw bytes, fresh, opened with our own key, and about ourselves.

Sources: "支付成功回调通知", "退款结果回调通知", "商家转账回调通知", "投诉通知回调", "如何解密回调报文".
Each is answered within five seconds and sent up to 15 times in a day; whether it ever arrives is not promised, so
payments are asked for as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from escrow.gateways.base import Malformed, Notice
from escrow.gateways.wechatpay.calls import Caller
from escrow.gateways.wechatpay.signing import opened, verify

LONGEST = 64
# original_type of the sealed object → what it is to us, and the field with our own number of it
_KINDS: Mapping[str, tuple[Literal["payment", "refund", "payout", "other"], str]] = {
    "transaction": ("payment", "out_trade_no"),
    "refund": ("refund", "out_refund_no"),
    "mch_payment": ("payout", "out_bill_no"),
    "profitsharing": ("other", "out_order_no"),
    "complaint": ("other", "complaint_id"),
}
_BY_EVENT = {"REFUND": "refund", "COMPLAINT": "complaint", "MCHTRANSFER": "mch_payment", "TRANSACTION": "transaction"}


def notice_of(raw: bytes, *, headers: Mapping[str, str], caller: Caller) -> Notice:
    """
    Read a notice.

    :raises BadSignature: if the platform has not signed exactly these bytes lately, or a header is missing
    :raises Malformed: if it is signed, but no notice, sealed for somebody else, or about somebody else's money
    """
    verify(raw, headers=headers, keys=caller.platform)
    try:
        body = json.loads(raw)
        resource = body["resource"]
        event, event_id = _text(body, "event_type"), _text(body, "id")
        original = resource.get("original_type") or _BY_EVENT.get(event.partition(".")[0], "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as fault:
        raise Malformed from fault
    content = opened(resource, apiv3_key=caller.apiv3_key)
    kind, field = _KINDS.get(original, ("other", ""))
    _ours(content, kind=kind, caller=caller)
    own = _text(content, field) if field else ""
    if kind in ("payment", "refund"):
        return Notice(event_id=event_id, payment_reference=_text(content, "out_trade_no"), key=own, kind=kind)
    return Notice(event_id=event_id, payment_reference="", key=own, kind=kind)


def _ours(content: Mapping[str, Any], *, kind: str, caller: Caller) -> None:
    """
    The platform signs for all its merchants: what is sealed must name us. A payment always names merchant and app.

    :raises Malformed: if it names somebody else
    """
    needed = {"payment": ("mchid", "appid"), "refund": ("mchid",)}.get(kind, ())
    theirs = {"mchid": caller.mchid, "mch_id": caller.mchid, "appid": caller.appid}
    if any(name not in content for name in needed):
        raise Malformed
    if any(name in content and content[name] != value for name, value in theirs.items()):
        raise Malformed


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST:
        raise Malformed
    return value
