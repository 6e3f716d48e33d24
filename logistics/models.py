"""Carriers, shipments and their events."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language

from core.ids import timed_id
from core.sealed import SealedField
from logistics.states import EXPECTED, EvidenceGrade, ShipmentStatus


class Carrier(models.Model):
    """A carrier the platform knows, and the adapter that speaks to it."""

    code = models.SlugField(max_length=20, unique=True)
    name = models.CharField(max_length=40)
    name_en = models.CharField(max_length=40)
    adapter = models.CharField(max_length=20, default="manual")
    phone = models.CharField(max_length=20, blank=True)
    tracking_url = models.CharField(max_length=200, blank=True)
    push_token = models.CharField(max_length=43, unique=True)  # unguessable part of the push address
    number_pattern = models.CharField(max_length=80, default=r"[A-Za-z0-9-]{6,40}")
    promise_hours = models.PositiveIntegerField(default=72)
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name_en if (get_language() or "").startswith("en") else self.name


class StoreCarrier(models.Model):
    """A carrier that a store has a contract with (L1)."""

    store_id = models.UUIDField()
    carrier = models.ForeignKey(Carrier, models.PROTECT)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store_id", "carrier"], name="store_carrier_once"),
            models.UniqueConstraint(fields=["store_id"], condition=Q(is_default=True), name="store_carrier_default"),
        ]


class Shipment(models.Model):
    """One parcel of one order. ``direction`` back: the buyer returns goods to the merchant."""

    id = models.UUIDField(primary_key=True, default=timed_id, editable=False)
    order = models.ForeignKey("shop.Order", models.PROTECT, related_name="shipments")
    store_id = models.UUIDField()
    carrier = models.ForeignKey(Carrier, models.PROTECT)
    number = models.CharField(max_length=40)
    direction = models.CharField(max_length=4, default="out")  # out, back
    status = models.CharField(max_length=20, choices=ShipmentStatus, default=ShipmentStatus.CREATED)
    grade = models.CharField(max_length=1, choices=EvidenceGrade, default=EvidenceGrade.NONE, blank=True)
    signed_by = models.CharField(max_length=60, blank=True)
    ship_to_city = models.CharField(max_length=30, blank=True)  # as the order says
    destination_city = models.CharField(max_length=30, blank=True)  # as the carrier says
    courier_phone = models.CharField(max_length=20, blank=True)
    pickup_place = models.CharField(max_length=120, blank=True)
    pickup_code = SealedField(null=True)  # for the buyer alone
    weight_g = models.PositiveIntegerField(null=True)
    packed_by_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    first_scan_at = models.DateTimeField(null=True)
    last_scan_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    eta_from = models.DateField(null=True)
    eta_to = models.DateField(null=True)
    watch = models.CharField(max_length=10, default="active")  # active, stopped: never a state of the parcel
    poll_failures = models.PositiveSmallIntegerField(default=0)  # look-ups in a row that brought nothing
    stalled_at = models.DateTimeField(null=True)  # when its silence was noticed; a new scan clears it
    flags = models.JSONField(default=list)  # city_mismatch, found_after_lost
    superseded = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["carrier", "number"], name="tracking_number_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["store_id", "-created_at"], name="shipment_store")]

    @property
    def shows_estimate(self) -> bool:
        """Once the courier is at the door, or has been, the day that was expected says nothing any more."""
        return self.eta_to is not None and self.status in EXPECTED


class PackPhoto(models.Model):
    """What was in the parcel and what it weighed, taken before anyone quarrelled (D9)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="photos")
    file = models.FileField(upload_to="evidence/pack/")
    sha256 = models.CharField(max_length=64)  # of the picture as it was uploaded
    kept_sha256 = models.CharField(max_length=64, blank=True)  # of the file that is kept of it
    created_at = models.DateTimeField()


class TrackingEvent(models.Model):
    """One line of a parcel's history. Appended once per fingerprint, never changed."""

    shipment = models.ForeignKey(Shipment, models.CASCADE, related_name="events")
    fingerprint = models.CharField(max_length=64)
    at = models.DateTimeField()
    raw_time = models.CharField(max_length=40)
    tz_source = models.CharField(max_length=10, default="explicit")
    status = models.CharField(max_length=20, choices=ShipmentStatus)
    grade = models.CharField(max_length=1, blank=True)
    code = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=500, blank=True)
    place = models.CharField(max_length=80, blank=True)
    provider = models.CharField(max_length=20)
    flags = models.JSONField(default=list)  # late, future, not_applied, before_payment, unknown_code; as first seen
    raw = models.JSONField(default=dict)
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shipment", "fingerprint"], name="tracking_event_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["shipment", "-at", "-id"], name="tracking_history")]

    @property
    def display_text(self) -> str:
        """The carrier's words, in the reader's language where it speaks both."""
        if (get_language() or "").startswith("en"):
            return str(self.raw.get("text_en") or "")[:500] or self.text
        return self.text

    @property
    def display_place(self) -> str:
        if (get_language() or "").startswith("en"):
            return str(self.raw.get("place_en") or "")[:80] or self.place
        return self.place


class CarrierPush(models.Model):
    """A carrier's message as it came; unknown numbers wait here, since a push can beat our own commit."""

    carrier = models.ForeignKey(Carrier, models.PROTECT)
    body_sha256 = models.CharField(max_length=64)
    raw_body = models.BinaryField()
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["received_at", "id"], name="push_waiting", condition=Q(processed_at__isnull=True)),
        ]


class SandboxParcel(models.Model):
    """The sandbox carrier's own book: what it knows of one parcel."""

    number = models.CharField(max_length=40, unique=True)
    recipient_city = models.CharField(max_length=30, blank=True)
    events = models.JSONField(default=list)  # [{"time", "code", "text", "place", …}], oldest first
    created_at = models.DateTimeField()
