"""A product's link to its manual: set by who may write products, on record, never fetched by us (D13, Q4)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.services import standing
from core import audit
from core.actor import Actor
from core.links import checked
from shop.models import Product
from shop.roles import Act
from shop.services.access import require
from shop.services.products import lock_product
from shop.services.promises import publish_version


@transaction.atomic
def set_manual(*, store_id: UUID, product_id: UUID, link: str, actor: Actor, now: datetime) -> str | None:
    """
    Lead buyers to another page for the manual, or, with an empty link, to none; the link as it is kept, or None if it
    was so already. What the product promises has a new version with it.

    :raises BadLink: if it is no https address of a public site
    :raises AccountLimited: if the account of who sets it may not change links now
    :raises NoSuchProduct: if the store has none such
    """
    product = lock_product(store_id=store_id, product_id=product_id)
    require(product.store, Act.PRODUCTS, actor=actor)
    standing.require(actor.user_id, "change_link")
    before, after = product.manual_url, checked(link) if link.strip() else ""
    if before == after:
        return None
    Product.objects.filter(pk=product.pk).update(manual_url=after)
    product.manual_url = after
    publish_version(product=product, author_id=actor.user_id, now=now)
    audit.record(
        actor=actor, act="product.link", subject_type="product", subject=str(product.pk),
        facts={"before": before, "after": after, "version": product.version},
    )  # fmt: skip
    return after
