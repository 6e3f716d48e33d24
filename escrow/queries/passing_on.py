"""What a payment's provider itself may pass on to a merchant's account there, instead of our paying it out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from core import clock
from core.errors import NotFound
from escrow.gateways import capabilities, gateway
from escrow.gateways.base import Capabilities, Gateway
from escrow.models import Hold, Payout, PayoutAccount
from escrow.queries.payouts import usable_from
from escrow.states import PROVIDER_LABELS, PayoutStatus

BACK = (PayoutStatus.FAILED, PayoutStatus.RETURNED)


@dataclass(frozen=True, slots=True)
class Held:
    """What the provider of new payments really does with held money, for those whose money it is."""

    name: str
    label: str
    can: Capabilities

    @property
    def kind(self) -> str:
        """
        ``kept``: the provider itself keeps the money until it is let go of; ``protected``: it lies on the platform's
        balance there, which the provider does not call escrow; ``ours``: it lies on the platform's own account there;
        ``bank``: on the platform's bank account; ``pretended``: nowhere.
        """
        if self.name in ("sandbox", "bank"):
            return {"sandbox": "pretended", "bank": "bank"}[self.name]
        if self.can.wording != "escrow":
            return "protected"
        return "kept" if self.can.splits else "ours"


def provider_that_passes_on(name: str) -> Gateway | None:
    """A provider that passes parts of a payment on to merchants' accounts there; None if it does not, or is gone."""
    try:
        return gateway(name) if capabilities(name).splits else None
    except NotFound:
        return None


def provider_account(store_id: UUID, name: str) -> PayoutAccount | None:
    """A store's own account at a payment provider."""
    return PayoutAccount.objects.filter(store_id=store_id, gateway=name, is_active=True).first()


def how_held(name: str = "") -> Held | None:
    """
    What a payment's provider really does with held money; None if it is not set up.

    Without a name: of the ways that are offered, the first that may not be called escrow, else the first; what is said
    before the buyer has chosen must not be more than any of them keeps.
    """
    if not name:
        offered = [held for held in map(how_held, settings.PAYMENT_GATEWAYS) if held]
        return next((held for held in offered if held.can.wording != "escrow"), offered[0] if offered else None)
    try:
        return Held(name, str(PROVIDER_LABELS.get(name, "")), capabilities(name))
    except NotFound:
        return None


@dataclass(frozen=True, slots=True)
class There:
    """
    A store and the provider of new payments: what that does with held money, whether it passes it on, and the store's
    account there. ``usable_at``: from when on it is used, if that is not yet.
    """

    held: Held
    account: PayoutAccount | None
    usable_at: datetime | None


def accounts_there(store_id: UUID) -> list[There]:
    """How a store's part reaches it beside payouts: each way of paying that is offered."""
    return [_there(store_id, held) for held in map(how_held, settings.PAYMENT_GATEWAYS) if held]


def _there(store_id: UUID, held: Held) -> There:
    account = provider_account(store_id, held.name) if held.can.splits else None
    usable = usable_from(account) if account else None
    return There(held, account, usable if usable and usable > clock.now() else None)


def is_called_escrow() -> bool:
    """Whether the provider of new payments lets a held payment be called that."""
    held = how_held()
    return held is None or held.can.wording == "escrow"


def left_to_pass_on(hold: Hold) -> int:
    """What of a hold has been released and has neither gone back nor been passed on, in minor units."""
    rows = Payout.objects.filter(hold=hold).exclude(status__in=BACK)
    passed = rows.aggregate(sum=Sum(F("amount_minor") - F("reversed_minor")))["sum"] or 0
    return max(0, hold.released_minor - hold.fee_taken_minor - hold.returned_minor + hold.fee_back_minor - passed)


def holds_with_something_left(account: PayoutAccount, now: datetime) -> QuerySet[Hold]:
    """
    The holds of which the provider may still pass something on to an account, the newest first.

    Not those after whose release a payout went to the bank: it took along what there was.
    """
    to_bank = Payout.objects.filter(store_id=account.store_id, hold=None, created_at__gte=OuterRef("closed_at"))
    passed = Payout.objects.filter(hold=OuterRef("pk")).exclude(status__in=BACK).order_by().values("hold")
    sums = passed.annotate(sum=Sum(F("amount_minor") - F("reversed_minor"))).values("sum")
    mine = F("released_minor") - F("fee_taken_minor") - F("returned_minor") + F("fee_back_minor")
    rows = Hold.objects.filter(
        ~Exists(to_bank.exclude(status__in=BACK)),
        Q(provider_deadline=None) | Q(provider_deadline__gt=now),
        store_id=account.store_id,
        payment__gateway=account.gateway,
        payment__unfrozen_at=None,
        released_minor__gt=0,
    )
    rows = rows.annotate(left=mine - Coalesce(Subquery(sums), 0)).filter(left__gt=0)
    return rows.select_related("payment").order_by("-closed_at", "-pk")


def has_failed(hold: Hold) -> bool:
    """Whether something of it could not be passed on before."""
    return Payout.objects.filter(hold=hold, status=PayoutStatus.FAILED).exists()


def on_its_way(payment_ids: Collection[UUID]) -> bool:
    """Whether something of these payments is still to be passed on, or being so."""
    waiting = (PayoutStatus.APPROVAL, PayoutStatus.PREPARED, PayoutStatus.SENT)
    return Payout.objects.filter(hold__payment__in=payment_ids, status__in=waiting).exists()
