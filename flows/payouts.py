"""Approving a payout: who owns the store is not a second pair of eyes on his own money."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from core.actor import Actor
from core.errors import NotFound
from escrow.models import Payout
from escrow.services import payouts
from shop.models import Store


@transaction.atomic
def approve(*, payout_id: int, actor: Actor, now: datetime) -> Payout:
    """
    Let a big payout leave.

    :raises NotFound: if there is no such payout
    :raises FourEyes: if this person prepared it, or owns the store
    """
    store_id = Payout.objects.filter(pk=payout_id).values_list("store_id", flat=True).first()
    if store_id is None:
        raise NotFound
    owner_id = Store.objects.values_list("owner_id", flat=True).get(pk=store_id)
    return payouts.approve_payout(payout_id=payout_id, actor=actor, now=now, not_by=[owner_id])
