"""Coupons at the checkout: the best one is chosen, another may be, and a code may be typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import QueryDict

from core.errors import DomainError
from shop.errors import NoSuchCoupon
from shop.forms.coupons import chosen_codes, typed_codes
from shop.queries import coupons as queries
from shop.queries.carts import CartView, StoreGroup
from shop.services import coupons


@dataclass(frozen=True, slots=True)
class Choice:
    """What the form says of coupons: ``codes`` by store, and what came of typed ones."""

    codes: dict[UUID, str]
    is_look: bool = False  # nothing is bought: a choice or a code is to be seen first
    said: dict[UUID, str] = field(default_factory=dict)  # what was typed and refused
    refused: dict[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoreAtCheckout:
    """One store: ``offers`` may be chosen, ``others`` do not apply and say why; ``why`` is about what was asked for."""

    group: StoreGroup
    offers: list[queries.Offer]
    others: list[queries.Offer]
    typed: str
    why: str


def read(data: QueryDict, view: CartView, *, user_id: UUID, now: datetime) -> Choice:
    """Read the form. A typed code is taken for later, and chosen; each try with an unknown one counts."""
    stores = [group.store.pk for group in view.groups]
    codes, said, refused = chosen_codes(data), {}, {}
    typed = typed_codes(data, stores)
    for store_id, text in typed.items():
        code = coupons.code_of(text)
        try:
            codes[store_id] = coupons.claim(user_id=user_id, store_id=store_id, code=code, now=now).code
        except DomainError as refusal:
            said[store_id], refused[store_id] = text, refusal.message
    return Choice(codes, is_look="look" in data or bool(typed), said=said, refused=refused)


def priced(view: CartView, choice: Choice | None, *, user_id: UUID, now: datetime) -> CartView:
    """The cart with coupons taken off: those that were chosen, and the best where nothing was said."""
    codes = choice.codes if choice else {}
    view = queries.with_offers(view, user_id=user_id, now=now, codes=codes)
    return queries.applied(view, {**queries.best_codes(view), **codes})


def context(view: CartView, choice: Choice | None) -> dict[str, Any]:
    """What the page prints of coupons."""
    return {"stores": stores_of(view, choice), "is_look": choice is not None and choice.is_look}


def stores_of(view: CartView, choice: Choice | None) -> list[StoreAtCheckout]:
    """Each store with what was typed there, and why that or the choice takes nothing off."""
    rows = []
    for group in view.groups:
        why = choice.refused.get(group.store.pk, "") if choice else ""
        if not why and group.asked_code and not (group.coupon and group.coupon.applies):
            why = group.coupon.reason if group.coupon else str(NoSuchCoupon.default_message)
        typed = choice.said.get(group.store.pk, "") if choice else ""
        offers = [offer for offer in group.offers if offer.applies]
        others = [offer for offer in group.offers if not offer.applies]
        rows.append(StoreAtCheckout(group, offers=offers, others=others, typed=typed, why=why))
    return rows
