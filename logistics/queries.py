"""Reading parcels: who sees what is decided by the caller, except for what belongs to the buyer alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from core.actor import Actor
from core.errors import NotFound
from core.prepared import Blank, Prepared, hand_out
from core.sealed import Sealed
from logistics.models import Carrier, CarrierPush, PackPhoto, Shipment, TrackingEvent
from logistics.states import ShipmentStatus

_PARCELS = Prepared(
    lambda: Shipment.objects.filter(order=Blank("order")).select_related("carrier").order_by("created_at", "id")
)
_EVENTS = Prepared(lambda: TrackingEvent.objects.filter(shipment__order=Blank("order")).order_by("-at", "-id"))
_PHOTOS = Prepared(lambda: PackPhoto.objects.filter(shipment__order=Blank("order")).order_by("created_at", "id"))
PUSH_WAITS = timedelta(hours=24)  # a push can beat our own commit; after a day nobody will claim it


def shipments_of(order_id: UUID, *, photos: bool = True) -> list[Shipment]:
    """An order's parcels, oldest first, with carrier, events (newest first) and, if wanted, pack photos."""
    parcels = _PARCELS.all(order=order_id)
    if parcels:
        hand_out(parcels, "events", _EVENTS.all(order=order_id), by="shipment_id")
    if parcels and photos:
        hand_out(parcels, "photos", _PHOTOS.all(order=order_id), by="shipment_id")
    return parcels


def shipments_by_order(order_ids: Iterable[UUID]) -> dict[UUID, list[Shipment]]:
    """For lists: the parcels of many orders, without their events, in one query."""
    rows = Shipment.objects.filter(order_id__in=list(order_ids)).select_related("carrier")
    found: dict[UUID, list[Shipment]] = defaultdict(list)
    for row in rows.order_by("created_at", "id"):
        found[row.order_id].append(row)
    return dict(found)


def shipment_row(*, carrier_code: str, number: str) -> Shipment | None:
    rows = Shipment.objects.select_related("carrier").filter(carrier__code=carrier_code, number=number.strip().upper())
    return rows.first()


def outgoing(order_id: UUID) -> QuerySet[Shipment]:
    """The parcels on whose arrival a deal waits."""
    return Shipment.objects.filter(order_id=order_id, direction="out", superseded=False)


def delivered_whole(order_id: UUID) -> datetime | None:
    """When the last of an order's parcels was delivered; None while one is still out."""
    rows = list(outgoing(order_id).values_list("status", "delivered_at"))
    times = [at for status, at in rows if status == ShipmentStatus.DELIVERED and at is not None]
    return max(times) if rows and len(times) == len(rows) else None


def carriers_for(store_id: UUID) -> list[Carrier]:
    """The carriers a store has a contract with, its default first."""
    rows = Carrier.objects.filter(is_active=True, storecarrier__store_id=store_id)
    return list(rows.order_by("-storecarrier__is_default", "name"))


def default_carrier(store_id: UUID) -> Carrier | None:
    rows = Carrier.objects.filter(is_active=True, storecarrier__store_id=store_id, storecarrier__is_default=True)
    return rows.first()


def all_carriers() -> list[Carrier]:
    """All a store or a buyer who sends back may choose from."""
    return list(Carrier.objects.filter(is_active=True).order_by("name_en"))


def pickup_code(shipment: Shipment, *, actor: Actor) -> str:
    """The code that opens the locker: for the buyer of the order alone, empty for everybody else."""
    sealed = shipment.pickup_code
    if shipment.status != ShipmentStatus.AWAITING_COLLECTION or not isinstance(sealed, Sealed):
        return ""
    is_buyer = actor.user_id is not None and shipment.direction == "out" and shipment.order.buyer_id == actor.user_id
    return sealed.open() if is_buyer else ""


def photo_for(*, photo_id: UUID, actor: Actor) -> PackPhoto:
    """
    A pack photo, for the buyer of the order, the people of the store and mediators.

    :raises NotFound: for everybody else
    """
    row = PackPhoto.objects.select_related("shipment__order__store").filter(pk=photo_id).first()
    if row is None or actor.user_id is None:
        raise NotFound
    order = row.shipment.order
    if not actor.is_mediator and actor.user_id != order.buyer_id and not order.store.role_of(actor.user_id):
        raise NotFound
    return row


def parcel_for_hand(*, shipment_id: UUID, actor: Actor) -> Shipment:
    """
    A parcel for the one who enters scans by hand: who ships for the store, or a mediator.

    :raises NotFound: for everybody else
    """
    row = Shipment.objects.select_related("carrier", "order__store").filter(pk=shipment_id).first()
    if row is None or actor.user_id is None:
        raise NotFound
    if not actor.is_mediator and not row.order.store.may(actor.user_id, "ship"):
        raise NotFound
    return row


def waiting_pushes(*, now: datetime, limit: int = 100) -> list[CarrierPush]:
    """Messages whose parcels we did not know yet, of the last day."""
    rows = CarrierPush.objects.filter(processed_at__isnull=True, received_at__gte=now - PUSH_WAITS)
    return list(rows.select_related("carrier").order_by("received_at", "id")[:limit])
