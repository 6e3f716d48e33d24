"""Where an amount may go that is made good to a member: his stores' balances, and back by what he has paid."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from core.money import Money
from core.wording import when
from escrow.models import Compensation
from escrow.queries.compensations import payments_of, refundable
from shop.models import Order, Store


@dataclass(frozen=True, slots=True)
class Place:
    """One choice: ``key`` is what the form sends; ``most`` is there where there is a most."""

    key: str
    words: str
    currency: str
    store_id: UUID | None = None
    payment_id: UUID | None = None
    most: Money | None = None


def places_for(user_id: UUID) -> list[Place]:
    """His stores first, then what he paid that can still give something back, the newest first."""
    stores = Store.objects.filter(owner_id=user_id).order_by("name", "pk")
    found = [
        Place(f"store:{row.pk}", _("Balance of %(store)s") % {"store": row.display_name}, row.currency, store_id=row.pk)
        for row in stores
    ]
    payments = payments_of(user_id)
    left = refundable(payments)
    numbers: dict[UUID, list[str]] = defaultdict(list)
    rows = Order.objects.filter(payment__in=[row.pk for row in payments]).order_by("number")
    for payment_id, number in rows.values_list("payment_id", "number"):
        numbers[payment_id].append(number)  # type: ignore[index]  # of a payment
    for row in payments:
        most = left[row.pk]
        if most:
            words = _("Back by the payment of %(when)s for %(orders)s: at most %(most)s") % {
                "when": when(row.paid_at or row.created_at), "orders": ", ".join(numbers[row.pk]), "most": most,
            }  # fmt: skip
            found.append(Place(f"payment:{row.pk}", words, row.currency, payment_id=row.pk, most=most))
    return found


def store_names(rows: Iterable[Compensation]) -> dict[UUID, str]:
    """The names of the stores to whose balances these went."""
    stores = Store.objects.in_bulk({row.store_id for row in rows if row.store_id})
    return {pk: store.display_name for pk, store in stores.items()}


@dataclass(frozen=True, slots=True)
class Shown:
    """One compensation as a page shows it."""

    row: Compensation
    where: str
    state: str


def shown(rows: Iterable[Compensation]) -> list[Shown]:
    """In words: where each goes, and how far it is."""
    found = list(rows)
    names = store_names(found)
    return [Shown(row, _where(row, names), _state(row)) for row in found]


def _where(row: Compensation, names: dict[UUID, str]) -> str:
    if row.store_id is None:
        return _("back as it was paid")
    return _("balance of %(store)s") % {"store": names[row.store_id]}


def _state(row: Compensation) -> str:
    """Of money on its way back, how far it is."""
    back = getattr(row, "refund", None)
    state: str = row.get_status_display() if back is None else back.get_status_display()  # type: ignore[attr-defined]
    return state
