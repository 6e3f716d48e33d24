"""Shipping many orders from a file: looked at first, then carried out row by row, each row on its own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from core.actor import Actor
from core.errors import DomainError, NotFound
from core.models import Job
from flows.errors import NothingToShip
from flows.fulfilment import ship
from logistics.models import Carrier, Shipment
from logistics.queries import carriers_for
from logistics.services.shipments import checked_number
from shop.models import Order
from shop.roles import Act
from shop.services.access import require_at
from shop.services.shipping_file import MAX_BYTES, Row, read
from shop.states import Kind, OrderStatus

KIND = "shipping_import"
# What a spreadsheet makes of a long number in a column that is not text.
_SHORTENED = re.compile(r"\A\d([.,]\d+)?E\+\d+\Z", re.IGNORECASE | re.ASCII)
__all__ = ["KIND", "MAX_BYTES", "commit", "job_of", "prepare"]


def prepare(*, store_id: UUID, raw: bytes, filename: str, actor: Actor, now: datetime) -> Job:
    """
    Read a file and judge each row without changing anything.

    :raises Invalid: if the file as a whole cannot be read
    """
    require_at(store_id, Act.SHIP, actor=actor)
    rows = read(raw)
    assert actor.user_id is not None
    return Job.objects.create(
        kind=KIND, owner_id=actor.user_id, status="preview", total=len(rows), created_at=now,
        data={"store": str(store_id), "file": filename[:100], "rows": list(_judge(rows, store_id=store_id))},
    )  # fmt: skip


def job_of(*, job_id: UUID, store_id: UUID) -> Job:
    """:raises NotFound: if the store has no such import"""
    job = Job.objects.filter(pk=job_id, kind=KIND, data__store=str(store_id)).first()
    if job is None:
        raise NotFound
    return job


def commit(*, job_id: UUID, store_id: UUID, actor: Actor, now: datetime) -> Job:
    """
    Ship the good rows; a row that has become impossible meanwhile says why and stops no other. Twice is once.
    """
    job_of(job_id=job_id, store_id=store_id)
    require_at(store_id, Act.SHIP, actor=actor)
    with transaction.atomic():
        if not Job.objects.filter(pk=job_id, status="preview").update(status="running"):
            return job_of(job_id=job_id, store_id=store_id)
    job = job_of(job_id=job_id, store_id=store_id)
    for row in job.data["rows"]:
        if row["state"] == "error":
            continue
        row["state"], row["note"] = _ship(row, store_id=store_id, actor=actor, now=now)
        job.done += row["state"] == "done"
    job.status, job.finished_at = "done", now
    job.save(update_fields=["data", "done", "status", "finished_at"])
    return job


def _ship(row: dict[str, Any], *, store_id: UUID, actor: Actor, now: datetime) -> tuple[str, str]:
    try:
        ship(
            order_id=UUID(row["order_id"]), store_id=store_id, carrier_code=row["carrier_code"], number=row["number"],
            weight_g=row["weight_g"], photos=(), actor=actor, now=now,
        )  # fmt: skip
    except DomainError as refusal:
        return "failed", refusal.message
    return "done", _("Shipped")


def _judge(rows: Sequence[Row], *, store_id: UUID) -> Iterator[dict[str, Any]]:
    """Each row with its state (ok, warn, error) and a note that says what to do."""
    orders = {
        order.number: order for order in Order.objects.filter(store_id=store_id, number__in=[row.order for row in rows])
    }
    carriers = _carriers_by_word(carriers_for(store_id))
    same_numbers = Shipment.objects.filter(number__in=[row.number.upper() for row in rows])
    taken = set(same_numbers.values_list("carrier_id", "number"))
    orders_seen = Counter(row.order for row in rows)
    numbers_seen = Counter(row.number.upper() for row in rows)
    for row in rows:
        order, carrier = orders.get(row.order), carriers.get(row.carrier.lower())
        weight, weight_ok = _weight(row.weight)
        note = _shortened(row) or _order_problem(order) or _parcel_problem(row, carrier, weight_ok, taken)
        if not note and orders_seen[row.order] > 1:
            note = _("This order stands in the file more than once.")
        if not note and numbers_seen[row.number.upper()] > 1:
            note = _("This tracking number stands in the file more than once.")
        state = "error" if note else ("warn" if weight is None else "ok")
        yield {
            "line": row.line, "order": row.order, "carrier": row.carrier, "number": row.number, "state": state,
            "note": note or ("" if weight else _("No weight: it is missing as evidence if the buyer complains.")),
            "order_id": str(order.pk) if order else "", "carrier_code": carrier.code if carrier else "",
            "weight_g": weight,
        }  # fmt: skip


def _carriers_by_word(carriers: Sequence[Carrier]) -> dict[str, Carrier]:
    return {word.lower(): carrier for carrier in carriers for word in (carrier.code, carrier.name, carrier.name_en)}


def _weight(text: str) -> tuple[int | None, bool]:
    if not text:
        return None, True
    if text.isascii() and text.isdigit() and len(text) <= 9 and 0 < int(text) <= 1_000_000:
        return int(text), True
    return None, False


def _shortened(row: Row) -> str:
    if _SHORTENED.match(row.order) or _SHORTENED.match(row.number):
        return _("The spreadsheet has shortened a long number. Set the column to text and enter it again.")
    return ""


def _order_problem(order: Order | None) -> str:
    if order is None:
        return _("There is no such order in your store.")
    if order.in_case:
        return _("An after-sale case is open: answer it first.")
    if order.status == OrderStatus.PENDING:
        return _("Not paid yet: do not ship.")
    if order.kind == Kind.CODE:
        return str(NothingToShip.default_message)
    if order.status != OrderStatus.PAID:
        return _("Already shipped or closed.")
    return ""


def _parcel_problem(row: Row, carrier: Carrier | None, weight_ok: bool, taken: set[tuple[int, str]]) -> str:
    if carrier is None:
        return _("No such carrier among yours. Choose it in the settings first, or correct its name.")
    if not row.number:
        return _("The tracking number is missing.")
    try:
        number = checked_number(row.number, carrier=carrier)
    except DomainError as refusal:
        return refusal.message
    if (carrier.pk, number) in taken:
        return _("This tracking number is in use already.")
    if not weight_ok:
        return _("The weight must be whole grams.")
    return ""
