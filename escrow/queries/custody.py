"""What is missing at the providers: proofs of custody that do not cover what is owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from core.money import Money
from escrow.models import CustodyProof


@dataclass(frozen=True, slots=True)
class Shortage:
    """
    What the newest proof of a currency does not cover.

    ``lasts``: the proof before it did not either, or no newer one has come for longer than the policy allows. A single
    young one may be a statement that is late, and stops nothing.
    """

    missing: Money
    proof_id: int
    at: datetime
    lasts: bool


def shortages(now: datetime) -> list[Shortage]:
    """Every currency whose newest proof is not covered."""
    currencies = CustodyProof.objects.order_by("currency").values_list("currency", flat=True).distinct()
    found = (_shortage(currency, now) for currency in list(currencies))
    return [one for one in found if one is not None]


def _shortage(currency: str, now: datetime) -> Shortage | None:
    rows = list(CustodyProof.objects.filter(currency=currency).order_by("-pk")[:2])
    newest = rows[0]
    if newest.is_covered:
        return None
    is_second = len(rows) > 1 and not rows[1].is_covered
    is_old = now - newest.at > timedelta(minutes=settings.CUSTODY_SHORT_MINUTES)
    missing = Money(newest.due.minor - newest.balance.minor, currency)
    return Shortage(missing, newest.pk, newest.at, lasts=is_second or is_old)
