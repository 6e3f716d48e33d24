"""Carts: a member's own, or a visitor's behind a random token in his session."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest

from core.errors import NotFound
from core.prepared import Blank, Prepared
from shop.errors import BadQuantity, CartFull, NotForSale, OutOfStock, Shortage, StoreShut
from shop.models import Cart, CartLine, Variant
from shop.queries.carts import SESSION_CART
from shop.states import ProductStatus

MOST_PER_LINE = 999
MOST_LINES = 100
_QUANTITY = re.compile(r"\A[0-9]{1,3}\Z", re.ASCII)


_OF_MEMBER = Prepared(lambda: Cart.objects.filter(user=Blank("user")))
_LOCKED = Prepared(lambda: Cart.objects.select_for_update(no_key=True).filter(pk=Blank("cart")))
_LINES = Prepared(lambda: CartLine.objects.filter(cart=Blank("cart")))


@dataclass(frozen=True, slots=True)
class Removed:
    """What was taken out, enough to put it back."""

    variant_id: UUID
    quantity: int
    title: str


def quantity_of(raw: object) -> int:
    """
    Read a quantity as a person or a machine sent it: 1 to 999 in plain digits.

    :raises BadQuantity: for anything else: signs, fractions, exponents, full-width digits, nothing at all
    """
    text = str(raw).strip(" ") if isinstance(raw, str | int) and not isinstance(raw, bool) else ""
    if not _QUANTITY.match(text) or not 1 <= int(text) <= MOST_PER_LINE:
        raise BadQuantity
    return int(text)


def cart_of(request: HttpRequest, *, create: bool = False) -> Cart:
    """
    The cart of who asks; what he gathered before signing in is taken over.

    Without ``create`` a missing cart is not written: the answer is then an empty one that is in no table.
    """
    token: str | None = request.session.get(SESSION_CART)
    if request.user.is_authenticated:
        cart = _member_cart(request.user.pk, create=create or token is not None)
        if token is not None:
            merge(token=token, cart=cart)
            del request.session[SESSION_CART]
        return cart
    found = Cart.objects.filter(token=token).first() if token else None
    if found is None and create:
        found = Cart.objects.create(token=secrets.token_urlsafe(32))
        request.session[SESSION_CART] = found.token
    return found or Cart()


def _member_cart(user_id: UUID, *, create: bool) -> Cart:
    found = _OF_MEMBER.first(user=user_id)
    if found is None and create:
        return Cart.objects.get_or_create(user_id=user_id)[0]
    return found or Cart(user_id=user_id)


@transaction.atomic
def merge(*, token: str, cart: Cart) -> None:
    """Move a visitor's lines into a member's cart. Of what is in both, the larger wish counts, not the sum."""
    visitor = Cart.objects.select_for_update().filter(token=token).first()
    if visitor is None:
        return
    mine = {line.variant_id: line for line in cart.lines.all()}
    for line in visitor.lines.order_by("added_at", "id"):
        same = mine.get(line.variant_id)
        if same is None:
            CartLine.objects.filter(pk=line.pk).update(cart=cart)
        elif same.quantity < line.quantity:
            CartLine.objects.filter(pk=same.pk).update(quantity=line.quantity)
    visitor.delete()


@transaction.atomic
def add(*, cart: Cart, variant_id: UUID, quantity: int, instead: bool = False) -> CartLine:
    """
    Put pieces into a cart, on top of what is there of the same kind or ``instead`` of it.

    :raises NotForSale: if nobody can buy it now
    :raises StoreShut: if its store is closed for now
    :raises OutOfStock: if the cart would hold more than there is; the cart stays as it was
    """
    quantity_of(quantity)
    variant = _for_sale(variant_id)
    if cart._state.adding:
        cart.save(force_insert=True)
    lock_cart(cart.pk)  # the same click may come twice at once
    lines = _LINES.all(cart=cart.pk)
    line = next((line for line in lines if line.variant_id == variant.pk), None)
    wanted = quantity if line is None or instead else line.quantity + quantity
    quantity_of(wanted)
    _refuse_more_than_left(variant, wanted)
    if line is not None:
        return _write(line, quantity=wanted, variant=variant)
    if len(lines) >= MOST_LINES:
        raise CartFull(limit=MOST_LINES)
    return CartLine.objects.create(cart=cart, variant=variant, quantity=wanted, price_seen_minor=variant.price_minor)


def set_quantity(*, cart: Cart, line_id: UUID, quantity: int) -> CartLine:
    """
    Change how many are wanted, which also takes note of the price now shown.

    :raises NotFound: if it is not in this cart
    :raises OutOfStock: if there are fewer; the line stays as it was
    """
    quantity_of(quantity)
    line = _line(cart, line_id)
    variant = _for_sale(line.variant_id)
    _refuse_more_than_left(variant, quantity)
    return _write(line, quantity=quantity, variant=variant)


def remove(*, cart: Cart, line_id: UUID) -> Removed:
    """
    Take a line out and say what it was.

    :raises NotFound: if it is not in this cart
    """
    line = _line(cart, line_id)
    line.delete()
    return Removed(variant_id=line.variant_id, quantity=line.quantity, title=line.variant.product.display_title)


def clear_lines(*, cart_id: UUID, line_ids: Sequence[UUID]) -> None:
    """Empty a cart of what has become an order."""
    CartLine.objects.filter(cart_id=cart_id, pk__in=line_ids).delete()


def _line(cart: Cart, line_id: UUID) -> CartLine:
    line = CartLine.objects.select_related("variant__product").filter(cart_id=cart.pk, pk=line_id).first()
    if line is None:
        raise NotFound
    return line


def _for_sale(variant_id: UUID) -> Variant:
    found = Variant.objects.select_related("product__store").filter(
        pk=variant_id, is_active=True, product__status=ProductStatus.LISTED
    )
    variant = found.first()
    if variant is None:
        raise NotForSale
    if not variant.product.store.sells:
        raise StoreShut
    return variant


def _refuse_more_than_left(variant: Variant, quantity: int) -> None:
    if quantity > variant.stock:
        title = " ".join(part for part in (variant.product.display_title, variant.display_name) if part)
        raise OutOfStock([Shortage(variant_id=variant.pk, title=title, wanted=quantity, left=variant.stock)])


def _write(line: CartLine, *, quantity: int, variant: Variant) -> CartLine:
    line.quantity, line.price_seen_minor = quantity, variant.price_minor
    line.save(update_fields=["quantity", "price_seen_minor"])
    return line


def lock_cart(cart_id: UUID) -> None:
    """Let checkouts of one cart wait for each other: the second finds what the first has left."""
    _LOCKED.first(cart=cart_id)
