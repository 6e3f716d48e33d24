"""The buyer's orders."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core import clock
from core.api import Door, OnceMixin, member_of, read
from core.api_fields import At, Nothing, Strict, Text
from core.api_pages import PARAMETERS, page, page_schema
from core.http import actor_of
from flows import cancellation, release
from flows.deal import Deal, deal
from shop.api.order_shapes import OrderDetail, OrderMoney, OrderRow, Timeline
from shop.models import Order
from shop.queries.orders import BUYER_TABS, LONGEST_QUERY, buyer_orders, order_for_buyer

TAB = OpenApiParameter("tab", str, enum=list(BUYER_TABS), description="What the orders wait for.")
WORDS = OpenApiParameter("q", str, description="Order number, product, exact amount or tracking number.")


class OrderWish(serializers.Serializer[Any]):
    tab = serializers.ChoiceField(list(BUYER_TABS), required=False, default="all")
    q = serializers.CharField(required=False, default="", allow_blank=True, max_length=LONGEST_QUERY)


class CancelInput(Strict):
    reason = Text(required=False, default="", allow_blank=True, max_length=200)


class ExtendedShape(serializers.Serializer[Any]):
    number = serializers.CharField()
    inspection_ends_at = At()


class Orders(Door):
    """The buyer's orders."""

    @extend_schema(
        operation_id="listOrders", tags=["orders"], parameters=[TAB, WORDS, *PARAMETERS],
        responses={200: page_schema("OrderPage", OrderRow)},
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        """One's own orders, newest first."""
        said = read(OrderWish, request, query=True)
        rows = buyer_orders(member_of(request), said["tab"], said["q"]).order_by("-placed_at", "-id")
        return page(rows, request, OrderRow)


class OrderByNumber(Door):
    """One order."""

    @extend_schema(operation_id="getOrder", tags=["orders"], responses={200: OrderDetail})
    def get(self, request: Request, number: str) -> Response:
        """One deal: where its money is, what happens next, parcels, and what may be done now."""
        return _detail(_mine(request, number))


class OrderMoneyDoor(Door):
    """An order's money."""

    @extend_schema(operation_id="getOrderMoney", tags=["orders"], responses={200: OrderMoney})
    def get(self, request: Request, number: str) -> Response:
        """The hold, every movement, and what moves next and when."""
        return Response(OrderMoney(_deal(_mine(request, number))).data)


class OrderTimeline(Door):
    """An order's story."""

    @extend_schema(operation_id="getOrderTimeline", tags=["orders"], responses={200: Timeline})
    def get(self, request: Request, number: str) -> Response:
        """Who did what and when, and the carriers' scans."""
        return Response(Timeline(_deal(_mine(request, number))).data)


class CancelOrder(OnceMixin):
    """Calling a deal off."""

    @extend_schema(operation_id="cancelOrder", tags=["orders"], request=CancelInput, responses={200: OrderDetail})
    def post(self, request: Request, number: str) -> Response:
        """Cancel while unpaid, or once the merchant's time to ship has passed; what was paid goes back in full."""
        mine, said = _mine(request, number), read(CancelInput, request)
        cancellation.cancel(order_id=mine.pk, reason=said["reason"], actor=actor_of(request), now=clock.now())
        return _detail(_mine(request, number))


class ConfirmReceipt(OnceMixin):
    """Saying that it has arrived."""

    @extend_schema(operation_id="confirmReceipt", tags=["orders"], request=Nothing, responses={200: OrderDetail})
    def post(self, request: Request, number: str) -> Response:
        """Confirm receipt, which pays the merchant at once. It cannot be undone."""
        mine, _said = _mine(request, number), read(Nothing, request)
        release.confirm_receipt(order_id=mine.pk, actor=actor_of(request), now=clock.now())
        return _detail(_mine(request, number))


class ExtendInspection(OnceMixin):
    """Taking more time to look."""

    @extend_schema(operation_id="extendInspection", tags=["orders"], request=Nothing, responses={200: ExtendedShape})
    def post(self, request: Request, number: str) -> Response:
        """Extend the inspection time, once."""
        mine, _said = _mine(request, number), read(Nothing, request)
        end = release.extend_inspection(order_id=mine.pk, actor=actor_of(request), now=clock.now())
        return Response(ExtendedShape({"number": mine.number, "inspection_ends_at": end}).data)


def _mine(request: Request, number: str) -> Order:
    return order_for_buyer(member_of(request), number)


def _deal(order: Order) -> Deal:
    return deal(order_id=order.pk, viewer="buyer", now=clock.now(), order=order)


def _detail(order: Order) -> Response:
    return Response(OrderDetail(_deal(order)).data)
