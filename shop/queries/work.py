"""What a merchant has still to do."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shop.models import Product, Store
from shop.states import ProductStatus


@dataclass(frozen=True, slots=True)
class Todo:
    """One step of setting up a store, with what it is good for."""

    label: Promise
    why: Promise
    url: str
    done: bool


def sold_out_count(store_id: UUID) -> int:
    return Product.objects.filter(store_id=store_id, status=ProductStatus.LISTED, in_stock=False).count()


def onboarding(store: Store, *, has_carrier: bool, has_account: bool) -> list[Todo]:
    """The steps to a store that can sell and be paid; empty once all are done."""
    settings, new = reverse("merchant:settings"), reverse("merchant:product-new")
    account = reverse("merchant:account")
    has_policy, policy_why = bool(store.return_policy), _("It is printed on every product and binds both sides.")
    has_product = Product.objects.filter(store_id=store.pk, status=ProductStatus.LISTED).exists()
    steps = [
        Todo(_("Payout account"), _("Where released money goes, within 24 hours."), account, has_account),
        Todo(_("Carriers"), _("With whom you ship."), settings, has_carrier),
        Todo(_("Return policy"), policy_why, settings, has_policy),
        Todo(_("First product"), _("What you promise is frozen into each order."), new, has_product),
    ]
    return [] if all(step.done for step in steps) else steps
