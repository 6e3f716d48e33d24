"""Refunds and payouts that staff make at the bank themselves."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from core import audit
from core.actor import Actor
from escrow.errors import NotByHand
from escrow.models import Payout, Refund
from escrow.queries.by_hand import GATEWAY
from escrow.services import payouts, refunds
from escrow.states import PayoutStatus, RefundStatus


def mark_made(*, kind: str, pk: int, bank_ref: str, actor: Actor, now: datetime) -> None:
    """
    Write down the bank's number of a transfer that was made; it counts as done from then on.

    :raises NotByHand: if this is not waiting to be made, or no number was given
    """
    ref = "".join(bank_ref.split())[:80]
    waiting = {
        "refund": Refund.objects.filter(status__in=(RefundStatus.PENDING, RefundStatus.SENT)),
        "payout": Payout.objects.filter(status__in=(PayoutStatus.PREPARED, PayoutStatus.SENT)),
    }
    if not ref or kind not in waiting:
        raise NotByHand
    with transaction.atomic():
        if not waiting[kind].filter(pk=pk, gateway=GATEWAY, gateway_ref="").update(gateway_ref=ref):
            raise NotByHand
        audit.record(
            actor=actor, act=f"{kind}.made_by_hand", subject_type=kind, subject=str(pk), facts={"bank_ref": ref}
        )
    ask_again(kind=kind, pk=pk, now=now)


def ask_again(*, kind: str, pk: int, now: datetime) -> None:
    """Let what is known of a transfer take effect now instead of at its next turn."""
    if kind == "refund":
        refunds.send_refund(refund_id=pk, now=now)
    else:
        payouts.send_payout(payout_id=pk, now=now)
