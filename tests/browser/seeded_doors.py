"""Pages of a store's doors to others: keys of its systems."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.urls import reverse

Page = tuple[str, str]


def merchant_pages(store: Any, me: str) -> Iterator[Page]:
    """A key that works and one that has ended, and the page that closes one."""
    from core import clock
    from core.actor import Actor
    from shop.services import keys

    actor, now = Actor(user_id=store.owner_id), clock.now()
    given = {"store": store, "role": "shipper", "days": 90, "actor": actor, "now": now}
    row, _secret = keys.make_key(name="Warehouse", **given)
    gone, _secret = keys.make_key(name="Old warehouse", **given)
    keys.revoke_key(store=store, token_id=gone.pk, actor=actor, now=now)
    yield me, reverse("merchant:key-revoke", args=[row.pk])
