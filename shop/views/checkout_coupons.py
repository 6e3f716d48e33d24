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
    """
    One order of a store. Where there are two, the first ``asks`` for the coupon of the store, whichever takes it.

    ``offers`` may be chosen there, ``others`` do not apply and say why; ``why`` is about what was asked for. ``chosen``
    is the code that takes something off, ``asked_code`` what was said.
    """

    group: StoreGroup
    asks: bool = False
    is_split: bool = False
    offers: list[queries.Offer] = field(default_factory=list)
    others: list[queries.Offer] = field(default_factory=list)
    chosen: str = ""
    asked_code: str = ""
    typed: str = ""
    why: str = ""


def read(data: QueryDict, view: CartView, *, user_id: UUID, now: datetime) -> Choice:
    """Read the form. A typed code is taken for later, and chosen; each try with an unknown one counts."""
    stores = list(dict.fromkeys(group.store.pk for group in view.groups))
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
    """Each order to be; the first of a store asks for the coupon of all its orders, since it takes one only."""
    by_store: dict[UUID, list[StoreGroup]] = {}
    for group in view.groups:
        by_store.setdefault(group.store.pk, []).append(group)
    rows = []
    for group in view.groups:
        same = by_store[group.store.pk]
        rows.append(_asking(same, choice) if same[0] is group else StoreAtCheckout(group))
    return rows


def _asking(groups: list[StoreGroup], choice: Choice | None) -> StoreAtCheckout:
    """A store's first order, with what was typed there, and why that or the choice takes nothing off."""
    store_id = groups[0].store.pk
    offers = sorted((offer for group in groups for offer in group.offers), key=queries.best_first)
    asking = next((group for group in groups if group.asked_code), groups[0])
    taken = asking.coupon if asking.coupon and asking.coupon.applies else None
    why = choice.refused.get(store_id, "") if choice else ""
    if not why and asking.asked_code and not taken:
        why = asking.coupon.reason if asking.coupon else str(NoSuchCoupon.default_message)
    return StoreAtCheckout(
        groups[0], asks=True, is_split=len(groups) > 1,
        offers=[offer for offer in offers if offer.applies], others=[offer for offer in offers if not offer.applies],
        chosen=taken.coupon.code if taken else "", asked_code=asking.asked_code,
        typed=choice.said.get(store_id, "") if choice else "", why=why,
    )  # fmt: skip
