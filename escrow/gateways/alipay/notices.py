"""
Alipay's notices: forms, signed over their sorted fields (opendocs.alipay.com, "异步通知说明").

The signature says only that Alipay wrote it. Whose app and whose account it is about is compared here; the amount is
not believed at all, since the flow asks Alipay for it.
"""

from __future__ import annotations

import time
from datetime import timedelta
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives.asymmetric import rsa

from escrow.gateways.alipay import signing, words
from escrow.gateways.base import BadSignature, Malformed, Notice

# Alipay tries for 25 hours, and whether each try bears its own time is not documented; a shop that was down for some
# days must still hear. So this keeps out old recordings only: what is younger was either taken in already, which its
# notify_id shows, or leads to a question to Alipay that tells the truth.
OLDEST = timedelta(days=7)
FROM_THE_FUTURE = timedelta(hours=1)
MOST_FIELDS = 200
NEEDED = ("notify_id", "out_trade_no", "total_amount")


def read(raw_body: bytes, *, app_id: str, seller_id: str, key: rsa.RSAPublicKey) -> Notice:
    """
    What Alipay hints at.

    :raises BadSignature: if Alipay has not signed exactly these fields lately, for this app and this account
    :raises Malformed: if it did, but a field is missing
    """
    fields = _fields(raw_body)
    if fields.get("sign_type") != "RSA2":
        raise BadSignature
    message = signing.sorted_fields(fields, without=("sign", "sign_type"))
    signing.verify(message, signature=fields.get("sign", ""), key=key)
    if (fields.get("app_id"), fields.get("seller_id")) != (app_id, seller_id):
        raise BadSignature
    if any(not 0 < len(fields.get(name, "")) <= 120 for name in NEEDED):
        raise Malformed
    try:
        words.money(fields["total_amount"])
        sent_at = words.instant(fields.get("notify_time", ""))
    except ValueError as fault:
        raise Malformed from fault
    age = time.time() - sent_at.timestamp()
    if not -FROM_THE_FUTURE.total_seconds() <= age <= OLDEST.total_seconds():
        raise BadSignature
    is_refund = "gmt_refund" in fields or "refund_fee" in fields
    return Notice(
        event_id=fields["notify_id"],
        payment_reference=fields["out_trade_no"],
        key=(fields.get("out_biz_no") or fields["out_trade_no"])[:120],
        kind="refund" if is_refund else "payment",
    )


def _fields(raw_body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            raw_body.decode("ascii"), keep_blank_values=True, strict_parsing=True, encoding="utf-8", errors="strict",
            max_num_fields=MOST_FIELDS,
        )  # fmt: skip
    except ValueError as fault:
        raise BadSignature from fault
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadSignature
    return fields
