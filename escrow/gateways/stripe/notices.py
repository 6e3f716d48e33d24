"""
Stripe's webhooks: HMAC-SHA256 over ``timestamp.body``, several ``v1`` while a secret is rolled.

docs.stripe.com/webhooks#verify-manually. Events come repeatedly and in any order; they are hints only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from typing import Any, Literal

from escrow.gateways.base import BadSignature, Malformed, Notice

HEADER = "stripe-signature"
TOLERANCE_SECONDS = 300
_PAYMENT = frozenset(
    f"checkout.session.{word}" for word in ("completed", "async_payment_succeeded", "async_payment_failed", "expired")
)
_REFUND = frozenset({"charge.refunded", "charge.refund.updated", "refund.created", "refund.updated", "refund.failed"})
_DISPUTE = frozenset(
    f"charge.dispute.{word}" for word in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
)
_PAYOUT = frozenset({"transfer.created", "transfer.updated", "transfer.reversed"})
Kind = Literal["payment", "refund", "dispute", "payout", "other"]


def verify(body: bytes, *, header: str, secret: str, now: float | None = None) -> None:
    """
    Accept a body that was signed with the secret within the last minutes.

    :raises BadSignature: if it was not
    """
    parts = [part.strip().split("=", 1) for part in header.split(",")]
    stamps = [pair[1] for pair in parts if pair[0] == "t" and len(pair) == 2]
    given = [pair[1] for pair in parts if pair[0] == "v1" and len(pair) == 2]
    if not secret or len(stamps) != 1 or not re.fullmatch(r"\d{1,12}", stamps[0], re.ASCII):
        raise BadSignature
    ours = hmac.new(secret.encode(), f"{stamps[0]}.".encode() + body, hashlib.sha256).hexdigest().encode()
    if not any(hmac.compare_digest(ours, theirs.encode()) for theirs in given):
        raise BadSignature
    if abs((time.time() if now is None else now) - int(stamps[0])) > TOLERANCE_SECONDS:
        raise BadSignature


def read(body: bytes, *, account: str, is_live: bool) -> Notice:
    """
    What an event is about.

    :raises Malformed: if it is no event, of the other mode (test, live) or of another account
    """
    try:
        event = json.loads(body)
        event_id, kind, shown = event["id"], event["type"], event["data"]["object"]
        words = isinstance(event_id, str) and isinstance(kind, str) and isinstance(shown, dict)
        of_us = event.get("account") in (None, account) and event.get("livemode") is is_live
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as fault:
        raise Malformed from fault
    if not words or not 0 < len(event_id) <= 120 or not of_us:
        raise Malformed
    return _notice(event_id, kind, shown)


def _notice(event_id: str, event_type: str, shown: dict[str, Any]) -> Notice:
    kind: Kind = "other"
    reference, dispute_ref = _text(shown, "payment_intent"), ""
    if event_type in _PAYMENT:
        kind, reference = "payment", _text(shown, "id")
    elif event_type in _REFUND:
        kind, reference = "refund", _ours(shown, "payment") or reference
    elif event_type in _DISPUTE and not _text(shown, "status").startswith("warning_"):
        kind, dispute_ref = "dispute", _text(shown, "id")  # a warning is a question: no money has moved
    elif event_type in _PAYOUT:
        kind, reference = "payout", ""
    return Notice(event_id, reference, _ours(shown, "key"), kind, dispute_ref)


def _ours(shown: dict[str, Any], name: str) -> str:
    """What we wrote on it: our own ``key`` stands on every object, on refunds also the ``payment``'s reference."""
    metadata = shown.get("metadata")
    return _text(metadata, name) if isinstance(metadata, dict) else ""


def _text(shown: dict[str, Any], name: str) -> str:
    value = shown.get(name)
    if isinstance(value, dict):  # an object that an endpoint's version shows in full
        value = value.get("id")
    return value[:120] if isinstance(value, str) else ""
