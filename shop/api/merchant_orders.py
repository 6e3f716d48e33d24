"""A store's orders and parcels."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.step_up import ensure
from accounts.services.step_up import Act as Confirmed
from core import clock
from core.api import read
from core.api_fields import At, MoneyInput, MoneySerializer, Strict, Text, Whole, same_currency
from core.api_pages import PARAMETERS, page, page_schema
from core.http import actor_of
from flows import fulfilment, late_refunds
from logistics.services.shipments import MAX_GRAMS, MAX_NUMBER
from shop.api.merchant_door import MerchantDoor, MerchantOnce
from shop.api.order_shapes import AddressShape, OrderRow, ParcelShape
from shop.queries.orders import LONGEST_QUERY, MERCHANT_VIEWS, merchant_orders, order_for_store
from shop.roles import Act
from shop.states import UNDER_ESCROW

VIEW = OpenApiParameter("view", str, enum=list(MERCHANT_VIEWS), description="What the orders wait for.")
WORDS = OpenApiParameter("q", str, description="Order or tracking number, product, exact amount, end of a phone.")


class MerchantOrderWish(serializers.Serializer[Any]):
    view = serializers.ChoiceField(list(MERCHANT_VIEWS), required=False, default="all")
    q = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_QUERY)


class MerchantOrder(OrderRow):
    """`address` is there while the goods are the store's business: paid and not yet over; codes have none."""

    note = serializers.CharField()
    address = serializers.SerializerMethodField()

    @extend_schema_field(AddressShape(allow_null=True))
    def get_address(self, order: Any) -> dict[str, Any] | None:
        return AddressShape(order.address).data if order.address and order.status in UNDER_ESCROW else None


class ShipmentInput(Strict):
    carrier = Text(max_length=20, help_text="Code of a carrier the store has a contract with.")
    tracking_number = Text(max_length=MAX_NUMBER)
    weight_g = Whole(required=False, allow_null=True, default=None, min_value=1, max_value=MAX_GRAMS)


class GiveBackInput(Strict):
    """`amount`: at most what was released and has not gone back, in the order's currency."""

    amount = MoneyInput()
    reason = Text(max_length=60, required=False, default="", allow_blank=True)


class GivenBackShape(serializers.Serializer[Any]):
    """`status`: pending, sent, done, or failed. `fee_back`: our fee on the amount, back on the store's balance."""

    id = serializers.IntegerField()
    amount = MoneySerializer()
    fee_back = serializers.SerializerMethodField()
    status = serializers.CharField()
    created_at = At()

    @extend_schema_field(MoneySerializer)
    def get_fee_back(self, refund: Any) -> dict[str, Any]:
        return {"minor": refund.fee_back_minor, "currency": refund.currency}


class MerchantOrders(MerchantDoor):
    """A store's orders."""

    @extend_schema(
        operation_id="listMerchantOrders", tags=["merchant"], parameters=[VIEW, WORDS, *PARAMETERS],
        responses={200: page_schema("MerchantOrderPage", MerchantOrder)},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """The store's orders, newest first."""
        said = read(MerchantOrderWish, request, query=True)
        rows = merchant_orders(self.store.pk, said["view"], said["q"], now=clock.now())
        return page(rows.order_by("-placed_at", "-id"), request, MerchantOrder)


class MerchantShipments(MerchantOnce):
    """The parcels of an order."""

    needs: ClassVar = {"POST": Act.SHIP}

    @extend_schema(operation_id="ship", tags=["merchant"], request=ShipmentInput, responses={201: ParcelShape})
    def post(self, request: Request, number: str) -> Response:
        """Book the parcel. The time to ship stops with the carrier's first scan, not with this call."""
        mine, said = order_for_store(self.store.pk, number), read(ShipmentInput, request)
        parcel = fulfilment.ship(
            order_id=mine.pk, store_id=self.store.pk, carrier_code=said["carrier"], number=said["tracking_number"],
            weight_g=said["weight_g"], photos=(), actor=actor_of(request), now=clock.now(),
        )  # fmt: skip
        return Response(ParcelShape(parcel).data, status=status.HTTP_201_CREATED)


class MerchantRefunds(MerchantOnce):
    """Giving money back after the release."""

    needs: ClassVar = {"POST": Act.GIVE_BACK}
    asks_proof = "payout"

    @extend_schema(operation_id="giveBack", tags=["merchant"], request=GiveBackInput, responses={201: GivenBackShape})
    def post(self, request: Request, number: str) -> Response:
        """Refund a part or all of a completed order out of the store's balance; asks for a proof of it."""
        mine, said = order_for_store(self.store.pk, number), read(GiveBackInput, request)
        same_currency(said["amount"], mine.currency)
        act = Confirmed("payout", said["amount"].minor, mine.currency, str(mine.pk))
        with transaction.atomic():
            refund = late_refunds.give_back(
                order_id=mine.pk, amount_minor=said["amount"].minor, reason=said["reason"], actor=actor_of(request),
                now=clock.now(),
            )  # fmt: skip
            ensure(request, act)
        return Response(GivenBackShape(refund).data, status=status.HTTP_201_CREATED)
