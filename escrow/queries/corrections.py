"""What staff look at when the books are corrected or a payer's bank has taken money back."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from escrow.models import Account, Adjustment, Chargeback
from escrow.states import ChargebackStatus

# A merchant's balance is authorised, and an escrow account is what its holds say: no hand corrects them.
TOUCHABLE = (
    "provider", "fees", "refund_in_flight", "payout_in_flight", "suspense", "receivable", "provider_fees", "rounding",
    "adjustments", "losses",
)  # fmt: skip
OPENABLE = ("rounding", "adjustments", "losses")  # the platform's own, opened when they are first needed


def accounts_to_correct() -> list[str]:
    """The keys of the accounts that a correction may touch."""
    found = Account.objects.filter(kind__in=TOUCHABLE, floor__isnull=True).values_list("key", flat=True)
    currencies = Account.objects.values_list("currency", flat=True).distinct()
    return sorted({*found, *(f"{kind}:{currency}" for kind in OPENABLE for currency in currencies)})


def may_correct(key: str) -> bool:
    """Whether a correction may touch the account of this key, which exists or is opened for it."""
    kind, _sep, rest = key.partition(":")
    known = Account.objects.filter(key=key, floor__isnull=True).exists()
    return kind in TOUCHABLE and (known or (kind in OPENABLE and len(rest) == 3 and ":" not in rest))


def adjustments(*, limit: int) -> list[Adjustment]:
    """Corrections: all that wait for a signature, then the newest of the others."""
    is_open = Q(signed_at__isnull=True, refused_at__isnull=True)
    rows = Adjustment.objects.order_by("-pk")
    return [*rows.filter(is_open), *rows.exclude(is_open)[:limit]]


def chargebacks() -> QuerySet[Chargeback]:
    """What payers' banks have taken back, open ones first, then the newest."""
    first = Case(When(status=ChargebackStatus.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    return Chargeback.objects.select_related("hold__order", "payment").order_by(first, "-opened_at", "-pk")
