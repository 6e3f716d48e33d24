"""Telling carriers of booked parcels."""

from __future__ import annotations

from uuid import UUID

from logistics import carriers
from logistics.carriers.base import Refused
from logistics.models import Shipment


def register(*, shipment_id: UUID) -> None:
    """
    Tell the carrier of a booked parcel. Network; safe to run twice, so a reaction may call it.

    :raises Unavailable: if it did not answer: to be tried again
    """
    shipment = Shipment.objects.select_related("carrier").get(pk=shipment_id)
    adapter = carriers.adapter(shipment.carrier.adapter)
    if not adapter.capabilities.register:
        return
    try:
        adapter.register(number=shipment.number, city=shipment.ship_to_city)
    except Refused:
        Shipment.objects.filter(pk=shipment.pk).update(watch="stopped")
