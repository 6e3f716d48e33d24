"""Orders as the API shows them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from core.api_fields import At, MoneySerializer
from shop.api.product_shapes import StoreBrief


class OrderLineShape(serializers.Serializer[Any]):
    product = serializers.UUIDField(source="product_id")
    variant = serializers.UUIDField(source="variant_id")
    title = serializers.CharField(source="display_title")
    variant_name = serializers.CharField(source="display_variant")
    quantity = serializers.IntegerField()
    unit = MoneySerializer()
    total = MoneySerializer(help_text="List price of all pieces.")
    discount = MoneySerializer(help_text="Its share of what the order's coupon takes off; what was paid is the rest.")
    promise_version = serializers.IntegerField(help_text="Version of the listing it was bought under.")


class ClockShape(serializers.Serializer[Any]):
    """When something happens by itself."""

    kind = serializers.CharField()
    due_at = At()
    paused = serializers.BooleanField()


class SentenceShape(serializers.Serializer[Any]):
    """Where the money is and what happens next, in words."""

    text = serializers.CharField()
    tone = serializers.CharField(help_text="safe, wait, danger or done")
    needs = serializers.CharField(help_text="Who must act: buyer, merchant, mediator, or nobody (empty).")
    clock = ClockShape(allow_null=True)


class OrderRow(serializers.Serializer[Any]):
    """One order in a list."""

    number = serializers.CharField()
    kind = serializers.CharField()
    status = serializers.CharField()
    in_case = serializers.BooleanField()
    store = StoreBrief()
    lines = OrderLineShape(many=True, source="lines.all")
    discount = MoneySerializer(help_text="What a coupon takes off the items; part of the total already.")
    coupon_code = serializers.CharField(help_text="Empty without one.")
    total = MoneySerializer()
    placed_at = At()
    paid_at = At(allow_null=True)
    shipped_at = At(allow_null=True)
    delivered_at = At(allow_null=True)
    closed_at = At(allow_null=True)


class TrackingShape(serializers.Serializer[Any]):
    at = At()
    status = serializers.CharField()
    text = serializers.CharField(source="display_text")
    place = serializers.CharField(source="display_place")


class ParcelShape(serializers.Serializer[Any]):
    """A parcel; `direction` back: the buyer returns goods."""

    id = serializers.UUIDField()
    carrier = serializers.CharField(source="carrier.code")
    tracking_number = serializers.CharField(source="number")
    direction = serializers.CharField()
    status = serializers.CharField()
    superseded = serializers.BooleanField()
    created_at = At()
    first_scan_at = At(allow_null=True)
    delivered_at = At(allow_null=True)


class ParcelWithEvents(ParcelShape):
    events = TrackingShape(many=True, source="events.all")


class AddressShape(serializers.Serializer[Any]):
    """Where it goes, as it was when bought."""

    name = serializers.CharField()
    phone = serializers.CharField()
    province = serializers.CharField()
    city = serializers.CharField()
    district = serializers.CharField()
    street = serializers.CharField()
    postcode = serializers.CharField()


class OrderDetail(OrderRow):
    """One deal as its buyer sees it; `acts` are what he may do now."""

    store = StoreBrief(source="order.store")
    number = serializers.CharField(source="order.number")
    kind = serializers.CharField(source="order.kind")
    status = serializers.CharField(source="order.status")
    in_case = serializers.BooleanField(source="order.in_case")
    lines = OrderLineShape(many=True)
    items = serializers.SerializerMethodField()
    discount = MoneySerializer(source="order.discount", help_text="What a coupon takes off the items.")
    coupon_code = serializers.CharField(source="order.coupon_code", help_text="Empty without one.")
    total = MoneySerializer(source="order.total")
    placed_at = At(source="order.placed_at")
    paid_at = At(source="order.paid_at", allow_null=True)
    shipped_at = At(source="order.shipped_at", allow_null=True)
    delivered_at = At(source="order.delivered_at", allow_null=True)
    closed_at = At(source="order.closed_at", allow_null=True)
    shipping = serializers.SerializerMethodField()
    address = serializers.SerializerMethodField()
    note = serializers.CharField(source="order.note")
    payment = serializers.UUIDField(source="order.payment_id", allow_null=True)
    sentence = SentenceShape()
    acts = serializers.SerializerMethodField()
    case = serializers.CharField(source="case.number", allow_null=True, default=None)
    shipments = ParcelShape(many=True)

    @extend_schema_field(MoneySerializer)
    def get_items(self, deal: Any) -> dict[str, Any]:
        return {"minor": deal.order.items_minor, "currency": deal.order.currency}

    @extend_schema_field(MoneySerializer)
    def get_shipping(self, deal: Any) -> dict[str, Any]:
        return {"minor": deal.order.shipping_minor, "currency": deal.order.currency}

    @extend_schema_field(AddressShape(allow_null=True))
    def get_address(self, deal: Any) -> dict[str, Any] | None:
        """None: codes go to no address."""
        return AddressShape(deal.order.address).data if deal.order.address else None

    def get_acts(self, deal: Any) -> list[str]:
        return [act.key for act in deal.acts]


class HoldShape(serializers.Serializer[Any]):
    """The order's money in escrow: `amount` = `released` + `refunded` + `rest`. The fee is part of `released`."""

    status = serializers.CharField()
    amount = MoneySerializer()
    released = serializers.SerializerMethodField()
    refunded = serializers.SerializerMethodField()
    rest = MoneySerializer()

    @extend_schema_field(MoneySerializer)
    def get_released(self, hold: Any) -> dict[str, Any]:
        return {"minor": hold.released_minor, "currency": hold.currency}

    @extend_schema_field(MoneySerializer)
    def get_refunded(self, hold: Any) -> dict[str, Any]:
        return {"minor": hold.refunded_minor, "currency": hold.currency}


class MoneyLineShape(serializers.Serializer[Any]):
    """One movement: into the account is positive; `balance` is what is on it afterwards."""

    at = At()
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    amount = MoneySerializer()
    counterparty = serializers.CharField()
    reference = serializers.CharField()
    order_number = serializers.CharField()
    balance = MoneySerializer(allow_null=True)
    note = serializers.CharField()


class OrderMoney(serializers.Serializer[Any]):
    """`hold` is null before the payment is confirmed; `sentence.clock` says what moves next and when."""

    number = serializers.CharField(source="order.number")
    hold = HoldShape(allow_null=True)
    lines = MoneyLineShape(many=True, source="money")
    sentence = SentenceShape()


class StoryShape(serializers.Serializer[Any]):
    at = At()
    who = serializers.CharField()
    text = serializers.CharField()


class Timeline(serializers.Serializer[Any]):
    """What was done to the order, oldest first, and what the carriers say, newest first."""

    story = StoryShape(many=True)
    shipments = ParcelWithEvents(many=True)
