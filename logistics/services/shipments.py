"""Booking a parcel: the number is an outsider's input and is checked as one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from core import audit, pictures
from core.actor import Actor
from logistics import eta
from logistics.cleaning import clean
from logistics.errors import (
    AlreadyBooked,
    BadTrackingNumber,
    BadWeight,
    CarrierNotContracted,
    NumberTaken,
    TooManyPhotos,
    UnknownCarrier,
)
from logistics.models import Carrier, PackPhoto, Shipment, StoreCarrier

MAX_GRAMS = 1_000_000
MAX_PHOTOS = 6
PHOTO_PX = 1600
MAX_NUMBER = 40


@transaction.atomic
def book(
    *,
    order_id: UUID,
    store_id: UUID,
    carrier_code: str,
    number: str,
    city: str,
    weight_g: int | None,
    photos: Sequence[pictures.Upload],
    paid_at: datetime,
    actor: Actor,
    now: datetime,
    direction: str = "out",
) -> Shipment:
    """
    Write down a parcel with what was seen when it was packed. The caller has locked the order.

    :raises UnknownCarrier: if there is none of that code
    :raises CarrierNotContracted: if the store may not ship with it; a buyer who sends back may use any
    :raises BadTrackingNumber: if the number cannot be one of this carrier's
    :raises NumberTaken: if another order has it
    :raises AlreadyBooked: if this order has it
    :raises BadWeight: outside 1 g to 1,000 kg
    :raises TooManyPhotos: more than six
    """
    carrier = carrier_for(store_id=store_id, code=carrier_code, direction=direction)
    number = checked_number(number, carrier=carrier)
    if weight_g is not None and not 1 <= weight_g <= MAX_GRAMS:
        raise BadWeight(fields={"weight_g": BadWeight.default_message})
    if len(photos) > MAX_PHOTOS:
        raise TooManyPhotos(fields={"photos": TooManyPhotos.default_message})
    earliest, latest = eta.promised(start=now, promise_hours=carrier.promise_hours)
    shipment = Shipment(
        order_id=order_id, store_id=store_id, carrier=carrier, number=number, direction=direction, weight_g=weight_g,
        ship_to_city=clean(city, limit=30), packed_by_id=actor.user_id, created_at=now,
        eta_from=earliest, eta_to=latest,
    )  # fmt: skip
    _insert(shipment)
    _keep_photos(shipment, photos, now=now)
    facts = {"carrier": carrier.code, "number": number, "weight_g": weight_g, "photos": len(photos), "way": direction}
    audit.record(
        actor=actor, act="shipment.booked", subject_type="shipment", subject=str(shipment.pk), facts=facts,
        order_id=order_id,
    )  # fmt: skip
    return shipment


def carrier_for(*, store_id: UUID, code: str, direction: str = "out") -> Carrier:
    """
    The carrier of a code, if the store may ship with it.

    :raises UnknownCarrier: if there is none
    :raises CarrierNotContracted: if the store has no contract with it
    """
    carrier = Carrier.objects.filter(code=code, is_active=True).first()
    if carrier is None:
        raise UnknownCarrier(fields={"carrier": UnknownCarrier.default_message})
    contracted = direction == "back" or StoreCarrier.objects.filter(store_id=store_id, carrier=carrier).exists()
    if not contracted:
        raise CarrierNotContracted(fields={"carrier": CarrierNotContracted.default_message})
    return carrier


def checked_number(number: str, *, carrier: Carrier) -> str:
    """
    A tracking number as the carrier prints it: no spaces around, capitals.

    :raises BadTrackingNumber: if it is not of this carrier's form
    """
    plain = number.strip().upper()
    if len(plain) > MAX_NUMBER or not plain.isascii() or not re.fullmatch(carrier.number_pattern, plain):
        raise BadTrackingNumber(fields={"number": BadTrackingNumber.default_message})
    return plain


def is_taken(*, carrier: Carrier, number: str) -> bool:
    """Whether a checked number is already in use, for previews; ``book`` asks the database again."""
    return Shipment.objects.filter(carrier=carrier, number=number).exists()


def supersede(*, order_id: UUID) -> int:
    """The replacement is on its way: the order no longer waits for the parcels sent before."""
    return Shipment.objects.filter(order_id=order_id, direction="out", superseded=False).update(superseded=True)


def _insert(shipment: Shipment) -> None:
    """The database is the judge of uniqueness: two desks may type the same number at once."""
    try:
        with transaction.atomic():
            shipment.save(force_insert=True)
    except IntegrityError as clash:
        rows = Shipment.objects.filter(carrier=shipment.carrier, number=shipment.number)
        holder = rows.values_list("order_id", flat=True).first()
        if holder is None:
            raise
        if holder == shipment.order_id:
            raise AlreadyBooked from clash
        raise NumberTaken(fields={"number": NumberTaken.default_message}) from clash


def _keep_photos(shipment: Shipment, photos: Sequence[pictures.Upload], *, now: datetime) -> None:
    """
    Re-encoded, so that nothing but the picture is kept; the digest is of what was uploaded.

    All are decoded before the first is written: no rollback would take a file off the disk again.
    """
    for picture in [pictures.clean_picture(upload, max_px=PHOTO_PX) for upload in photos]:
        digests = {"sha256": picture.sha256, "kept_sha256": picture.kept_sha256}
        row = PackPhoto(shipment=shipment, created_at=now, **digests)
        row.file.save(f"{row.pk}.webp", ContentFile(picture.webp), save=False)
        row.save(force_insert=True)
