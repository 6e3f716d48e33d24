"""Pages of a store's doors to others: keys of its systems, links to manuals."""

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
    yield from _manuals(store, me)


def _manuals(store: Any, me: str) -> Iterator[Page]:
    """A product that has a link, its page with it, and the page before one leaves."""
    from core import clock
    from core.actor import Actor
    from core.links import way_out
    from shop.models import OrderLine
    from shop.services.product_links import set_manual

    line = OrderLine.objects.filter(order__store=store).select_related("order").order_by("order__placed_at", "pk")[0]
    actor, link = (
        Actor(user_id=store.owner_id),
        "https://xn--czru2d.xn--fiqs8s/manual/2026/care-of-your-tea-set?lang=zh",
    )
    set_manual(store_id=store.pk, product_id=line.product_id, link=link, actor=actor, now=clock.now())
    yield me, reverse("merchant:product-link", args=[line.product_id])
    yield me, reverse("merchant:product", args=[line.product_id])
    yield "", reverse("shop:product", args=[line.product_id])
    yield "", reverse("shop:leaving") + f"?to={way_out(line.product_id, link)}"
    yield str(line.order.buyer_id), reverse("shop:order", args=[line.order.number])
