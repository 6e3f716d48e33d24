"""Orders whose inspection time is over: locked, looked at and completed by the thousand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from core import audit
from core.actor import SYSTEM
from core.bulk import ids
from shop.models import Order
from shop.states import ORDER, OrderStatus

COMPLETED = f"{ORDER.name}.{OrderStatus.COMPLETED}"
FACTS = {"from": str(OrderStatus.DELIVERED)}


class OrderState(NamedTuple):
    """What the sweep has to know of an order, its id as a text."""

    id: str
    policy_id: int
    status: str
    in_case: bool
    is_trial: bool


STATES = """
SELECT o.id::text, o.policy_id, o.status, o.in_case, o.is_trial FROM shop_order o
WHERE o.id = ANY(%s::uuid[]) ORDER BY o.id FOR NO KEY UPDATE OF o
"""


def lock_states(order_ids: Sequence[str]) -> list[OrderState]:
    """Lock many orders in the order of their ids and give the state of each; ids that are no order's are left out."""
    if connection.vendor != "postgresql":
        rows = Order.objects.filter(pk__among=order_ids).order_by("pk")
        states = rows.values_list("pk", "policy_id", "status", "in_case", "is_trial")
        return [OrderState(str(row[0]), *row[1:]) for row in states]
    with connection.cursor() as cursor:
        cursor.execute(STATES, [ids(order_ids)])
        return list(map(OrderState._make, cursor.fetchall()))


COMPLETE = """
WITH u AS (
  UPDATE shop_order SET status = %(to)s, closed_at = %(now)s
  WHERE id = ANY(%(ids)s::uuid[]) AND status = %(from)s AND NOT in_case RETURNING id),
a AS (
  INSERT INTO core_auditentry (at, act, subject_type, subject, order_id, reason, facts)
  SELECT %(now)s, %(act)s, %(name)s, id::text, id, %(reason)s, jsonb_build_object('from', %(from)s::text)
  FROM u)
SELECT id::text FROM u
"""


def complete(order_ids: Sequence[str], *, reason: str, now: datetime) -> set[str]:
    """
    Complete those of these orders that are delivered and in no case, with an audit entry each; give their ids.

    The caller has locked them all (``lock_states``): an UPDATE of many locks in whatever order it finds them.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                COMPLETE,
                {
                    "ids": ids(order_ids), "from": OrderStatus.DELIVERED, "to": OrderStatus.COMPLETED, "now": now,
                    "act": COMPLETED, "name": ORDER.name, "reason": reason[:500],
                },
            )  # fmt: skip
            return {pk for (pk,) in cursor.fetchall()}
    rows = Order.objects.filter(pk__among=order_ids, status=OrderStatus.DELIVERED, in_case=False)
    pks: list[UUID] = list(rows.order_by("pk").values_list("pk", flat=True))
    Order.objects.filter(pk__among=pks).update(status=OrderStatus.COMPLETED, closed_at=now)
    audit.record_many(
        actor=SYSTEM,
        act=COMPLETED,
        subject_type=ORDER.name,
        rows=[(str(pk), pk, FACTS) for pk in pks],
        now=now,
        reason=reason,
    )
    return set(map(str, pks))
