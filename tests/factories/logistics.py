"""Carriers and parcels; ``scan`` and ``snapshot`` make what ``tracking.receive`` takes."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import factory
from factory.django import DjangoModelFactory

from core import clock
from logistics.carriers.base import Scan, Snapshot
from logistics.models import Carrier, Shipment, StoreCarrier
from logistics.states import EvidenceGrade, ShipmentStatus


class CarrierFactory(DjangoModelFactory[Carrier]):
    """A carrier of the manual adapter; ``adapter="sandbox"`` for one that pushes."""

    class Meta:
        model = Carrier

    code = factory.Sequence(lambda n: f"carrier-{n}")
    name = factory.Sequence(lambda n: f"快递{n}")
    name_en = factory.Sequence(lambda n: f"Express {n}")
    adapter = "manual"
    push_token = factory.LazyFunction(lambda: secrets.token_urlsafe(32))


class SandboxCarrierFactory(CarrierFactory):
    """The built-in one; a second call gives the same row."""

    class Meta:
        django_get_or_create = ("code",)

    code = "sandbox"
    name = "踏实快递"
    name_en = "Tashi Express"
    adapter = "sandbox"


class StoreCarrierFactory(DjangoModelFactory[StoreCarrier]):
    """``store_id=…``: the contract that a store needs before it ships."""

    class Meta:
        model = StoreCarrier
        django_get_or_create = ("store_id", "carrier")

    carrier = factory.SubFactory(SandboxCarrierFactory)


class ShipmentFactory(DjangoModelFactory[Shipment]):
    """A booked parcel without any scan. ``order=…`` is needed; store and city follow from it."""

    class Meta:
        model = Shipment

    carrier = factory.SubFactory(SandboxCarrierFactory)
    number = factory.Sequence(lambda n: f"TS{n:010d}")
    store_id = factory.SelfAttribute("order.store_id")
    ship_to_city = factory.LazyAttribute(lambda row: row.order.address.get("city", ""))
    created_at = factory.LazyFunction(clock.now)


def scan(status: str, at: datetime, **fields: Any) -> Scan:
    """One line of a history, of the code its state has."""
    usual = {"grade": EvidenceGrade.C if status == ShipmentStatus.DELIVERED else "", "code": str(status)}
    return Scan(at=at, raw_time=at.isoformat(), tz_source="explicit", status=status, **{**usual, **fields})


def snapshot(number: str, scans: Sequence[Scan] = (), **fields: Any) -> Snapshot:
    return Snapshot(number=number, scans=tuple(scans), **fields)
