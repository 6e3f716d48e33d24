"""Where links stand that lead off the site, as they are stored now."""

from __future__ import annotations

from uuid import UUID

from core.links import LinkGone
from shop.models import MassMessage, Product
from shop.queries.mass import was_written_to
from shop.roles import Act, may
from shop.states import ProductStatus


def product_with_manual(pk: UUID) -> Product:
    """
    A product that has not been thrown away, with its store.

    :raises LinkGone: if there is none
    """
    product = Product.objects.select_related("store").filter(pk=pk).exclude(status=ProductStatus.DELETED).first()
    if product is None:
        raise LinkGone
    return product


def mass_message_with_links(pk: UUID, viewer_id: UUID | None) -> tuple[MassMessage, str]:
    """
    A message to buyers, and the name of its page for this reader: who got it, or who may write such ones.

    :raises LinkGone: for everybody else
    """
    row = MassMessage.objects.select_related("store").filter(pk=pk).first()
    if row is None or viewer_id is None:
        raise LinkGone
    if was_written_to(row.pk, viewer_id):
        return row, "shop:store-message"
    if may(row.store.role_of(viewer_id), Act.WRITE):
        return row, "merchant:message"
    raise LinkGone
