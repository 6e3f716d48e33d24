"""Coupons of a signed-in person."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api import Door, member_of, read
from core.api_fields import At, Id, MoneySerializer, Strict, Text
from core.money import Money
from shop.api.product_shapes import StoreBrief
from shop.models import Coupon
from shop.queries.coupons import claimed_by
from shop.services import coupons

MOST = 200


class CartCoupon(serializers.Serializer[Any]):
    """A coupon held against what is in the cart; `reason`: why it does not apply, empty if it does."""

    code = serializers.CharField(source="coupon.code")
    name = serializers.CharField(source="coupon.display_name")
    discount = MoneySerializer()
    ends_at = At(source="coupon.ends_at")
    applies = serializers.BooleanField()
    reason = serializers.CharField()


class CouponShape(serializers.Serializer[Any]):
    """`off` an amount, or `off_bps` a share in hundredths of a per cent, at most `cap`; from `minimum` of its goods."""

    store = StoreBrief()
    code = serializers.CharField()
    name = serializers.CharField(source="display_name")
    status = serializers.CharField(help_text="running, paused or ended")
    off = serializers.SerializerMethodField()
    off_bps = serializers.IntegerField(allow_null=True)
    cap = serializers.SerializerMethodField()
    minimum = MoneySerializer()
    starts_at = At()
    ends_at = At()

    @extend_schema_field(MoneySerializer(allow_null=True))
    def get_off(self, coupon: Coupon) -> dict[str, Any] | None:
        return _money(coupon.off_minor, coupon.currency)

    @extend_schema_field(MoneySerializer(allow_null=True))
    def get_cap(self, coupon: Coupon) -> dict[str, Any] | None:
        return _money(coupon.cap_minor, coupon.currency)


class Coupons(serializers.Serializer[Any]):
    coupons = CouponShape(many=True)


class CouponCode(Strict):
    store = Id()
    code = Text(max_length=40)


class CouponsDoor(Door):
    """What a member has taken for later."""

    @extend_schema(operation_id="listCoupons", tags=["cart"], responses={200: Coupons})
    def get(self, request: Request) -> Response:
        """One's own coupons, the newest first."""
        mine = [claim.coupon for claim in claimed_by(member_of(request))[:MOST]]
        return Response(Coupons({"coupons": mine}).data)

    @extend_schema(operation_id="takeCoupon", tags=["cart"], request=CouponCode, responses={201: CouponShape})
    def post(self, request: Request) -> Response:
        """Take a coupon by its code; it is then offered for the cart. Tries with unknown codes are counted."""
        said = read(CouponCode, request)
        code = coupons.code_of(said["code"])
        found = coupons.claim(user_id=member_of(request), store_id=said["store"], code=code, now=clock.now())
        return Response(CouponShape(found).data, status=status.HTTP_201_CREATED)


def _money(minor: int | None, currency: str) -> dict[str, Any] | None:
    return None if minor is None else dict(Money(minor, currency).as_json())
