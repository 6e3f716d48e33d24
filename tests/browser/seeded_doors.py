"""Pages of a store's doors to others: keys of its systems, links to manuals, messages to many and their links."""

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
    yield from _messages(store, me)
    yield from _case_link()


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


MANY = "The glaze of the batch of October is not meant for the oven. Care: https://xn--czru2d.xn--fiqs8s/recall?lang=zh"


def _messages(store: Any, me: str) -> Iterator[Page]:
    """A message that has gone out and one that waits for its next batch; the first as a buyer reads it."""
    from uuid import uuid4

    from core import clock
    from core.actor import Actor
    from core.links import way_out
    from shop.queries.mass import Reach
    from shop.services import mass
    from shop.states import Audience

    gone, waits = (
        mass.send(
            store=store, letter=mass.Letter(uuid4(), Reach(Audience.OPEN), subject, MANY),
            actor=Actor(user_id=store.owner_id), now=clock.now(), prove=lambda words: None,
        )
        for subject in ("Please read: your tea set", "A parcel comes later")
    )  # fmt: skip
    batch = mass.next_batch(gone, after=0)
    mass.pass_on(gone, batch, after=0, left_out=set(), now=clock.now())
    yield me, reverse("merchant:messages")
    yield from ((me, reverse("merchant:message", args=[row.pk])) for row in (gone, waits))
    reader = str(batch[0].user_id)
    yield reader, reverse("shop:store-message", args=[gone.pk])
    yield reader, reverse("shop:leaving") + f"?to={way_out(gone.link_subject, gone.links[0])}"


def _case_link() -> Iterator[Page]:
    """A case in which the store has sent a link."""
    from core import clock
    from core.actor import Actor
    from disputes.models import Case
    from disputes.states import OPEN_CASE
    from flows import aftersale

    case = Case.objects.select_related("order__store").filter(status__in=OPEN_CASE).order_by("opened_at", "pk")[0]
    aftersale.say(
        case_id=case.pk, text="See https://maker.example.com/care for how to clean it.", now=clock.now(),
        actor=Actor(user_id=case.order.store.owner_id), prove=lambda words: None,
    )  # fmt: skip
    yield str(case.buyer_id), reverse("disputes:case", args=[case.number])
