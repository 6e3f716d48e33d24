"""Messages to many buyers: whom one would reach, how far it has come, who got it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from accounts.states import Standing
from core.errors import NotFound
from shop.models import MassMessage, MassRecipient, Order, Product, Store, StoreMember, StoreMute
from shop.states import UNDER_ESCROW, Audience, OrderStatus, ProductStatus

KEPT = (*UNDER_ESCROW, OrderStatus.COMPLETED)  # orders whose buyer has, or will have, what he paid for


@dataclass(frozen=True, slots=True)
class Reach:
    """Which buyers are meant: of open orders, of a product, or of orders placed on some days, both included."""

    audience: str
    product_id: UUID | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a message has come."""

    sent: int
    left_out: int
    total: int

    @property
    def done(self) -> int:
        return self.sent + self.left_out


def buyers_of(store: Store, reach: Reach) -> QuerySet[User]:
    """Those who have paid this store for what is meant and have not muted it; nobody of the store itself."""
    orders = Order.objects.filter(store_id=store.pk, is_trial=False, paid_at__isnull=False, buyer=OuterRef("pk"))
    if reach.audience == Audience.OPEN:
        orders = orders.filter(status__in=UNDER_ESCROW)
    elif reach.audience == Audience.PRODUCT:
        assert reach.product_id is not None
        orders = orders.filter(lines__product_id=reach.product_id, status__in=KEPT)
    else:
        assert reach.since is not None
        assert reach.until is not None
        orders = orders.filter(
            status__in=KEPT, placed_at__gte=_start(reach.since), placed_at__lt=_start(reach.until + timedelta(days=1))
        )
    muted = StoreMute.objects.filter(store_id=store.pk, user=OuterRef("pk"))
    ours = StoreMember.objects.filter(store_id=store.pk, user=OuterRef("pk"), left_at__isnull=True)
    people = User.objects.filter(Exists(orders), ~Exists(muted), ~Exists(ours)).exclude(pk=store.owner_id)
    return people.exclude(standing=Standing.CLOSED).order_by("pk")


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def messages_of(store_id: UUID) -> QuerySet[MassMessage]:
    """A store's messages, newest first, with how many were reached."""
    rows = MassMessage.objects.filter(store_id=store_id).select_related("author", "product")
    return rows.annotate(sent=Count("to", filter=Q(to__sent_at__isnull=False))).order_by("-created_at", "-pk")


def message_of(store_id: UUID, pk: UUID) -> MassMessage:
    """:raises NotFound: if the store has written none such"""
    row = MassMessage.objects.filter(store_id=store_id, pk=pk).select_related("author", "product").first()
    if row is None:
        raise NotFound
    return row


def progress_of(row: MassMessage) -> Progress:
    counted = MassRecipient.objects.filter(message=row).aggregate(
        sent=Count("pk", filter=Q(sent_at__isnull=False)), left_out=Count("pk", filter=Q(left_out=True))
    )
    return Progress(counted["sent"], counted["left_out"], row.recipients)


def was_written_to(pk: UUID, user_id: UUID) -> bool:
    return MassRecipient.objects.filter(message_id=pk, user_id=user_id, sent_at__isnull=False).exists()


def message_to(user_id: UUID, pk: UUID) -> MassMessage:
    """
    A message that this person was sent, with its store.

    :raises NotFound: if he was not
    """
    row = MassMessage.objects.select_related("store").filter(pk=pk).first()
    if row is None or not was_written_to(row.pk, user_id):
        raise NotFound
    return row


def has_muted(user_id: UUID, store_id: UUID) -> bool:
    return StoreMute.objects.filter(user_id=user_id, store_id=store_id).exists()


def products_sold(store_id: UUID) -> QuerySet[Product]:
    """What a store may write to the buyers of: anything of its own that is not a draft."""
    return Product.objects.filter(store_id=store_id).exclude(status=ProductStatus.DRAFT).order_by("title", "pk")
