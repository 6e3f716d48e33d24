"""The cart and the checkout of a signed-in person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api import Door, OnceMixin, member_of, read
from core.api_fields import At, Id, MoneyInput, MoneySerializer, Strict, Text, Whole, same_currency
from core.http import actor_of
from escrow.gateways.base import Created, Unavailable
from escrow.models import Payment
from escrow.services import payments
from flows import purchase
from shop.api.coupons import CartCoupon
from shop.api.product_shapes import StoreBrief
from shop.models import Cart, Order
from shop.queries import carts as cart_queries
from shop.queries.coupons import with_offers
from shop.services import carts, coupons


class CartLineShape(serializers.Serializer[Any]):
    """
    `problem`: null, `gone`, `shut` (its store is closed for now), `short` (`left` says of how many) or `price`
    (`old_unit` says what it was).
    """

    id = serializers.UUIDField(source="pk")
    product = serializers.UUIDField(source="product.pk")
    variant = serializers.UUIDField(source="variant.pk")
    title = serializers.CharField(source="product.display_title")
    variant_name = serializers.CharField(source="variant.display_name")
    quantity = serializers.IntegerField()
    unit = MoneySerializer()
    total = MoneySerializer()
    problem = serializers.CharField(allow_null=True)
    old_unit = MoneySerializer(allow_null=True)
    left = serializers.IntegerField()


class CartGroup(serializers.Serializer[Any]):
    """
    What becomes one order: goods of one store and kind (`physical`, or `code`: delivered by the payment).

    `total` is without a coupon. `coupons` says what each would take off, the best first; a store takes one for each
    purchase, so where its goods become two orders, a coupon is named with the one where it takes off most.
    """

    store = StoreBrief()
    kind = serializers.CharField()
    lines = CartLineShape(many=True)
    items = MoneySerializer()
    shipping = MoneySerializer()
    total = MoneySerializer()
    coupons = CartCoupon(many=True, source="offers")


class CartShape(serializers.Serializer[Any]):
    """Sums count only what can be bought."""

    groups = CartGroup(many=True)
    total = MoneySerializer()
    has_problems = serializers.BooleanField()


class AddInput(Strict):
    variant = Id()
    quantity = Whole(min_value=1, max_value=carts.MOST_PER_LINE)


class QuantityInput(Strict):
    quantity = Whole(min_value=1, max_value=carts.MOST_PER_LINE)


class CouponChoice(Strict):
    store = Id()
    code = Text(max_length=40)


class CheckoutInput(Strict):
    """
    `total` is what the buyer was shown: if anything has changed since, nothing is bought (409 `total_changed`).

    `coupons`: one for a store at most, taken off `total`, in one order of that store: where it takes off most. One that
    does not apply says why (409 `coupon_refused`).
    """

    address = Id(required=False, default=None, help_text="Needed unless there is nothing to ship.")
    lines = serializers.ListField(
        child=Id(), required=False, min_length=1, max_length=carts.MOST_LINES, help_text="Ids; left out: all lines."
    )
    note = Text(required=False, default="", allow_blank=True, max_length=200)
    total = MoneyInput()
    coupons = serializers.ListField(child=CouponChoice(), required=False, default=list, max_length=carts.MOST_LINES)

    def validate_coupons(self, said: list[dict[str, Any]]) -> dict[UUID, str]:
        codes = {choice["store"]: coupons.code_of(choice["code"]) for choice in said}
        if len(codes) < len(said) or not all(codes.values()):
            raise serializers.ValidationError(_("Name one coupon for a store at most."))
        return codes


class PaymentShape(serializers.Serializer[Any]):
    """
    Send the buyer to `url`; nothing is paid before the provider says so.

    `qr`: what his wallet scans, if the provider works that way; `instructions`: where to transfer to, label by label.
    Both are shown at `url` as well.
    """

    id = serializers.UUIDField(source="pk")
    url = serializers.URLField()
    qr = serializers.CharField(allow_blank=True)
    instructions = serializers.DictField(child=serializers.CharField())
    amount = MoneySerializer()
    expires_at = At()


class OrderNumber(serializers.Serializer[Any]):
    number = serializers.CharField()


class CheckoutShape(serializers.Serializer[Any]):
    payment = PaymentShape()
    orders = OrderNumber(many=True)


class CartDoor(Door):
    """The cart."""

    @extend_schema(operation_id="getCart", tags=["cart"], responses={200: CartShape})
    def get(self, request: Request) -> Response:
        """What is in the cart, with what has changed since it was put there."""
        return _cart(_mine(request))


class CartLines(Door):
    """The cart's lines."""

    @extend_schema(operation_id="addToCart", tags=["cart"], request=AddInput, responses={201: CartShape})
    def post(self, request: Request) -> Response:
        """Put pieces into the cart, on top of what is there of the same kind."""
        said, mine = read(AddInput, request), _mine(request, create=True)
        carts.add(cart=mine, variant_id=said["variant"], quantity=said["quantity"])
        return _cart(mine, status=status.HTTP_201_CREATED)


class CartLineById(Door):
    """One line of the cart."""

    @extend_schema(operation_id="setQuantity", tags=["cart"], request=QuantityInput, responses={200: CartShape})
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change how many are wanted, which also takes note of the price now shown."""
        said, mine = read(QuantityInput, request), _mine(request)
        carts.set_quantity(cart=mine, line_id=pk, quantity=said["quantity"])
        return _cart(mine)

    @extend_schema(operation_id="removeFromCart", tags=["cart"], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Take a line out."""
        carts.remove(cart=_mine(request), line_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Checkout(OnceMixin):
    """Buying."""

    limit = "order"

    @extend_schema(operation_id="checkout", tags=["cart"], request=CheckoutInput, responses={201: CheckoutShape})
    def post(self, request: Request) -> Response:
        """Make one order per store and kind under one payment; stock and coupons are reserved until `expires_at`."""
        said, cart_id, actor = read(CheckoutInput, request), _mine(request).pk, actor_of(request)
        codes = _known(request, said.get("coupons") or {})
        same_currency(said["total"], cart_queries.checked(cart_id, said.get("lines")).total.currency, field="total")
        placed = purchase.place(
            buyer_id=member_of(request), cart_id=cart_id, line_ids=said.get("lines"), address_id=said["address"],
            note=said["note"], seen_total_minor=said["total"].minor, actor=actor, now=clock.now(),
            coupon_codes=codes,
        )  # fmt: skip
        way = _where_to_pay(request, placed)
        placed.url, placed.qr, placed.instructions = way.url, way.qr, way.instructions  # type: ignore[attr-defined]
        made = Order.objects.filter(payment=placed).order_by("placed_at", "number")
        return Response(CheckoutShape({"payment": placed, "orders": made}).data, status=status.HTTP_201_CREATED)


def _mine(request: Request, *, create: bool = False) -> Cart:
    return carts.cart_of(request, create=create)


def _known(request: Request, codes: dict[UUID, str]) -> dict[UUID, str]:
    """The codes, each of which the buyer was shown or now takes; tries with unknown ones are counted."""
    for store_id, code in codes.items():
        coupons.claim(user_id=member_of(request), store_id=store_id, code=code, now=clock.now())
    return codes


def _cart(mine: Cart, *, status: int = 200) -> Response:
    view = with_offers(cart_queries.checked(mine.pk), user_id=mine.user_id, now=clock.now())
    return Response(CartShape(view).data, status=status)


def _where_to_pay(request: Request, placed: Payment) -> Created:
    """The provider's way; while it does not answer, our page, which asks it again. The orders are made either way."""
    own_page = request.build_absolute_uri(reverse("shop:payment", args=[placed.pk]))
    try:
        way = payments.start_payment(payment_id=placed.pk)
    except Unavailable:
        return Created(reference="", url=own_page)
    return way if way.url else replace(way, url=f"{own_page}?pay=1")
