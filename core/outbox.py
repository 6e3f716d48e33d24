"""
Effects leave here.

``publish()`` writes an event and the deliveries it owes in the caller's transaction; ``drain()`` performs them
afterwards, one by one, each in its own try. A reaction may run twice and must harm nothing.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from core import clock, nudge
from core.models import Delivery, OutboxEvent
from core.prepared import Insert

_EVENT, _DELIVERY = Insert(OutboxEvent), Insert(Delivery)
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
    if connection.vendor == "postgresql":
        publish_many(name, [payload])
        return
    now = clock.now()
    event_id = _EVENT.one(name=name, payload=payload, at=now)
    for reaction in _table.get(name, {}):
        _DELIVERY.one(event_id=event_id, reaction=reaction, due_at=now)
    nudge.soon()


PUBLISH = """
WITH told AS (
  INSERT INTO core_outboxevent (name, at, payload)
  SELECT %s, %s, p FROM unnest(%s::jsonb[]) AS p RETURNING id)
INSERT INTO core_delivery (event_id, reaction, due_at, tries, error)
SELECT told.id, r, %s, 0, '' FROM told CROSS JOIN unnest(%s::varchar[]) AS r ORDER BY told.id
"""


def publish_many(name: str, payloads: Sequence[Payload]) -> None:
    """Announce the same kind of event many times with one statement, on SQLite with two."""
    now, reactions = clock.now(), list(_table.get(name, {}))
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(PUBLISH, [name, now, [json.dumps(payload) for payload in payloads], now, reactions])
        nudge.soon()
        return
    events = OutboxEvent.objects.bulk_create(
        [OutboxEvent(name=name, payload=dict(payload), at=now) for payload in payloads]
    )
    Delivery.objects.bulk_create(
        [Delivery(event=event, reaction=key, due_at=now) for event in events for key in reactions]
    )
    nudge.soon()


def drain(*, limit: int = 1000) -> int:
    """Perform due deliveries until none is left or ``limit`` are done; give how many were tried."""
    tried = 0
    while tried < limit:
        batch = _claim(now=clock.now())
        if not batch:
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
    """How long the oldest delivery that is due has waited; a worker that runs keeps this near nothing."""
    due = Delivery.objects.filter(done_at__isnull=True, dead_at__isnull=True, due_at__lte=now)
    first = due.order_by("due_at").values_list("due_at", flat=True).first()
    return now - first if first is not None else timedelta()


def given_up(*, limit: int = 20) -> list[Delivery]:
    """Deliveries that were tried as often as they may be, the latest first."""
    dead = Delivery.objects.filter(dead_at__isnull=False).select_related("event")
    return list(dead.order_by("-dead_at", "-id")[:limit])


def depth() -> int:
    """Deliveries still owed."""
    return Delivery.objects.filter(done_at__isnull=True, dead_at__isnull=True).count()
