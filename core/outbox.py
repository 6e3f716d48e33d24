"""
Effects leave here.

``publish()`` writes an event, with the names of the reactions it owes, in the caller's transaction: one row, whatever
follows from it. Afterwards ``drain()`` spreads events over deliveries, one for each reaction, and performs those one by
one, each in its own try. A reaction may run twice and must harm nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, Sum, Value
from django.db.models.functions import Coalesce, Length, Replace

from core import clock, nudge
from core.models import Delivery, OutboxEvent
from core.prepared import Insert

_EVENT = Insert(OutboxEvent)
log = logging.getLogger(__name__)
Payload = Mapping[str, Any]
Reaction = Callable[[Payload], None]

LEASE = timedelta(minutes=2)
MAX_TRIES = 12
BATCH = 50

_table: dict[str, dict[str, Reaction]] = {}


def install(table: Mapping[str, Sequence[Reaction]]) -> None:
    """Set the one table of event → reactions; called once, by ``flows.reactions``."""
    _table.clear()
    for event, reactions in table.items():
        _table[event] = {reaction.__name__: reaction for reaction in reactions}


def reactions_of(event: str) -> list[str]:
    return list(_table.get(event, {}))


def publish(name: str, **payload: Any) -> None:
    """Announce in the current transaction that something happened. Values must be JSON."""
    _EVENT.one(name=name, payload=payload, at=clock.now(), owes=_owes(name))
    nudge.soon()


PUBLISH = """
INSERT INTO core_outboxevent (name, at, owes, payload)
SELECT %s, %s, %s, told FROM jsonb_array_elements(%s::jsonb) AS told
"""


def publish_many(name: str, payloads: Sequence[Payload]) -> None:
    """Announce the same kind of event many times with one statement."""
    now, owes = clock.now(), _owes(name)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(PUBLISH, [name, now, owes, json.dumps([dict(payload) for payload in payloads])])
    else:
        OutboxEvent.objects.bulk_create(
            OutboxEvent(name=name, payload=dict(payload), at=now, owes=owes) for payload in payloads
        )
    nudge.soon()


def _owes(name: str) -> str:
    return ",".join(_table.get(name, {}))


SPREAD = """
WITH fresh AS MATERIALIZED (
  SELECT id, at, owes FROM core_outboxevent WHERE owes <> '' ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED),
d AS (
  INSERT INTO core_delivery (event_id, reaction, due_at, tries, error)
  SELECT fresh.id, owed.name, fresh.at, 0, ''
  FROM fresh CROSS JOIN unnest(string_to_array(fresh.owes, ',')) WITH ORDINALITY AS owed(name, place)
  ORDER BY fresh.id, owed.place
  ON CONFLICT (event_id, reaction) DO NOTHING)
UPDATE core_outboxevent e SET owes = '' FROM fresh WHERE e.id = fresh.id
"""


def spread(*, limit: int = 200) -> int:
    """
    Write the deliveries of events that have none yet, oldest first; give how many events.

    Two at the same time take different events, and the unique key of a delivery would refuse a second one.
    """
    fresh = OutboxEvent.objects.filter(~Q(owes=""))
    if not fresh.exists():  # a look without a transaction: a tick that finds nothing takes no lock
        return 0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(SPREAD, [limit])
            return int(cursor.rowcount)
    with transaction.atomic():
        events = list(fresh.order_by("pk")[:limit])
        Delivery.objects.bulk_create(
            [
                Delivery(event=event, reaction=reaction, due_at=event.at)
                for event in events
                for reaction in event.owes.split(",")
            ],
            ignore_conflicts=True,
        )
        OutboxEvent.objects.filter(pk__among=[event.pk for event in events]).update(owes="")
    return len(events)


def drain(*, limit: int = 1000) -> int:
    """Perform due deliveries until none is left or ``limit`` are done; give how many were tried."""
    tried = 0
    while tried < limit:
        batch = _claim(now=clock.now())
        if not batch:
            if spread():
                continue
            break
        for delivery in batch:
            _perform(delivery)
        tried += len(batch)
    return tried


def _claim(*, now: datetime) -> list[Delivery]:
    """Lease a batch: other drains skip leased rows, a dead drain's rows come back when the lease is over."""
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    due = Delivery.objects.filter(free, done_at__isnull=True, dead_at__isnull=True, due_at__lte=now)
    if not due.exists():  # a look without a transaction: a tick that finds nothing takes no lock
        return []
    with transaction.atomic():
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        ids = list(due.order_by("due_at", "id").values_list("pk", flat=True)[:BATCH])
        if not ids:
            return []
        Delivery.objects.filter(pk__in=ids).update(lease_until=now + LEASE)
    return list(Delivery.objects.filter(pk__in=ids).select_related("event").order_by("event_id", "id"))


def _perform(delivery: Delivery) -> None:
    rows = Delivery.objects.filter(pk=delivery.pk, done_at__isnull=True)
    reaction = _table.get(delivery.event.name, {}).get(delivery.reaction)
    now = clock.now()
    if reaction is None:
        rows.update(dead_at=now, error="no such reaction any more")
        return
    try:
        reaction(delivery.event.payload)
    except Exception as fault:
        log.exception("reaction %s to %s failed", delivery.reaction, delivery.event)
        tries = delivery.tries + 1
        wait = timedelta(seconds=min(3600, 2**tries))
        gone = {"dead_at": now} if tries >= MAX_TRIES else {}
        rows.update(tries=tries, due_at=now + wait, lease_until=None, error=repr(fault)[:500], **gone)
    else:
        rows.update(done_at=now, lease_until=None, error="")


def oldest_owed(*, now: datetime) -> timedelta:
    """How long the oldest effect that is due has waited; a worker that runs keeps this near nothing."""
    due = Delivery.objects.filter(done_at__isnull=True, dead_at__isnull=True, due_at__lte=now).order_by("due_at")
    told = OutboxEvent.objects.filter(~Q(owes="")).order_by("id")
    firsts = (due.values_list("due_at", flat=True).first(), told.values_list("at", flat=True).first())
    return max((now - first for first in firsts if first is not None), default=timedelta())


def given_up(*, limit: int = 20) -> list[Delivery]:
    """Deliveries that were tried as often as they may be, the latest first."""
    dead = Delivery.objects.filter(dead_at__isnull=False).select_related("event")
    return list(dead.order_by("-dead_at", "-id")[:limit])


def depth() -> int:
    """Effects still owed: deliveries that are open, and those that events have yet to be spread over."""
    commas = Length("owes") - Length(Replace("owes", Value(","), Value("")))
    told = OutboxEvent.objects.filter(~Q(owes="")).aggregate(n=Coalesce(Sum(commas + 1), 0))["n"]
    return int(told) + Delivery.objects.filter(done_at__isnull=True, dead_at__isnull=True).count()
