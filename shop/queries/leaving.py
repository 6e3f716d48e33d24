"""The links that lead off the site, as they are stored now."""

from __future__ import annotations

from uuid import UUID

from core.links import LinkGone, is_same, subject_of
from shop.models import Product
from shop.states import ProductStatus, StoreStatus


def product_of_way_out(token: str) -> Product:
    """
    The product whose manual a signed way leads to, while that is still its link.

    A product in the bin and a store that we have suspended lead nobody anywhere.

    :raises LinkGone: if the link is not ours, was changed or taken away
    """
    subject, digest = subject_of(token)
    try:
        rows = Product.objects.select_related("store").filter(pk=UUID(subject))
    except ValueError as fault:
        raise LinkGone from fault
    product = rows.exclude(status=ProductStatus.DELETED).exclude(store__status=StoreStatus.SUSPENDED).first()
    if product is None or not is_same(product.manual_url, digest):
        raise LinkGone
    return product
