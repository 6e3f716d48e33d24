"""What a product still lacks before it may go on sale (Q4), in the order of the editor's sections."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from shop.models import Product
from shop.services.goods_papers import missing_papers
from shop.states import Kind

HONEST: dict[str, Promise] = {
    "function": _("Say what it does."),
    "usage": _("Say how it is used."),
    "warranty": _("Say what warranty there is; “none” is an honest answer."),
    "validity": _("Say how long it keeps or stays valid; “unlimited” is an honest answer."),
}


@dataclass(frozen=True, slots=True)
class Lack:
    """Something missing; ``field`` is where in the editor it is put right."""

    field: str
    text: str | Promise


def lacks_of(product: Product) -> list[Lack]:
    """Everything that keeps a product off the shelf; empty when it may be listed."""
    lacks = [Lack(name, text) for name, text in HONEST.items() if not getattr(product, name).strip()]
    active = [variant for variant in product.variants.all() if variant.is_active]
    if not active:
        lacks.append(Lack("variants", _("Offer at least one variant.")))
    elif not any(variant.stock for variant in active) and product.kind == Kind.CODE:
        lacks.append(Lack("variants", _("Hand in codes: nothing is there to be sold.")))
    elif not any(variant.stock for variant in active):
        lacks.append(Lack("variants", _("Enter the stock: nothing is there to be sold.")))
    if not product.images.all():
        lacks.append(Lack("pictures", _("Add at least one picture.")))
    return lacks


def lacks_papers(product: Product) -> list[Lack]:
    """The permits and authorisations that keep a product off the shelf."""
    return [
        Lack("category", format_lazy(_("Show us this permit: {permit}."), permit=paper.title)) if paper.permit
        else Lack("brand", format_lazy(_("Show us an authorisation of the brand {brand}."), brand=paper.title))
        for paper in missing_papers(product)
    ]  # fmt: skip


def lost_while_listed(before: Product, after: Product) -> list[Lack]:
    """What a product on sale would lose by a change. Selling out is no loss, and an old lack is no reason to refuse."""
    known = {lack.field for lack in lacks_of(before)}
    new = [lack for lack in lacks_of(after) if lack.field not in known]
    return [lack for lack in new if lack.field != "variants" or not _has_active(after)]


def _has_active(product: Product) -> bool:
    return any(variant.is_active for variant in product.variants.all())
