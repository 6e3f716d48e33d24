"""States of a deal, reached the way people reach them: through the flows, never by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from accounts.models import User
from core import clock, deadlines, outbox
from core.actor import Actor
from core.money import Money
from disputes.models import Case
from disputes.states import Ground, Remedy
from flows import aftersale, codes, fulfilment, purchase
from flows.codes import Opened
from logistics.carriers.base import Scan, Snapshot
from logistics.models import Carrier, Shipment, StoreCarrier
from logistics.states import EvidenceGrade, ShipmentStatus
from shop.models import CardKey, Cart, CartLine, CodeBatch, Coupon, Order, Store, Variant
from shop.queries import coupons as coupon_queries
from shop.queries.carts import checked
from shop.services import code_import
from shop.states import Kind
from tests.factories.accounts import AddressFactory, UserFactory
from tests.factories.shop import ProductFactory
from tests.sandbox import pay_at_bank


def actor_of(user: User) -> Actor:
    return Actor(user_id=user.pk, is_mediator=user.is_mediator)


def merchant_of(order: Order) -> Actor:
    return Actor(user_id=order.store.owner_id)


def buyer_of(order: Order) -> Actor:
    return Actor(user_id=order.buyer_id)


def fresh(order: Order) -> Order:
    """The order as it is now."""
    return Order.objects.select_related("store", "payment").get(pk=order.pk)


def fill_cart(buyer: User, *variants: Variant, quantity: int = 1) -> Cart:
    cart, _ = Cart.objects.get_or_create(user=buyer)
    for variant in variants:
        CartLine.objects.create(cart=cart, variant=variant, quantity=quantity, price_seen_minor=variant.price_minor)
    return cart


def placed_order(
    *, buyer: User | None = None, variant: Variant | None = None, quantity: int = 1, now: datetime | None = None,
    coupon: Coupon | None = None,
) -> Order:  # fmt: skip
    """An order that waits for its payment."""
    buyer = buyer or UserFactory()
    variant = variant or ProductFactory().variants.get()
    address = AddressFactory(user=buyer) if variant.product.kind == Kind.PHYSICAL else None
    cart = fill_cart(buyer, variant, quantity=quantity)
    product = variant.product
    chosen = {coupon.store_id: coupon.code} if coupon else {}
    payment = purchase.place(
        buyer_id=buyer.pk,
        cart_id=cart.pk,
        line_ids=None,
        address_id=address.pk if address else None,
        note="",
        seen_total_minor=variant.price_minor * quantity
        + (product.store.shipping_minor if address else 0)
        - taken_off(cart, chosen),
        actor=actor_of(buyer),
        now=now or clock.now(),
        coupon_codes=chosen,
    )
    return Order.objects.select_related("store").get(payment=payment)


def taken_off(cart: Cart, chosen: dict[UUID, str]) -> int:
    """What coupons take off a cart, as its owner is shown it."""
    view = coupon_queries.with_offers(checked(cart.pk), user_id=cart.user_id, now=clock.now(), codes=chosen)
    return coupon_queries.applied(view, chosen).discount.minor if view.groups else 0


def code_variant(*, keys: int = 3, store: Store | None = None, **product: object) -> Variant:
    """A product that is delivered by its payment, with so many keys in its pool."""
    made = ProductFactory(kind=Kind.CODE, stock=0, **({"store": store} if store else {}), **product)
    variant: Variant = made.variants.get()
    if keys:
        hand_in(variant, keys)
    variant.refresh_from_db()
    return variant


def hand_in(variant: Variant, keys: int, **more: Any) -> CodeBatch:
    """Hand in so many fresh keys as their merchant does."""
    return code_import.hand_in(**{
        "store_id": variant.product.store_id, "product_id": variant.product_id, "variant_id": variant.pk, "name": "",
        "text": "\n".join(f"KEY-{uuid4().hex.upper()}" for _ in range(keys)), "expires_on": None,
        "leave_out_bad": False, "actor": Actor(user_id=variant.product.store.owner_id), "now": clock.now(), **more,
    })  # fmt: skip


def reveal(order: Order, *keys: CardKey) -> list[Opened]:
    """Its buyer opens some of an order's codes, or all."""
    return codes.reveal(
        order_id=order.pk, key_ids=[key.pk for key in keys] or None, actor=buyer_of(order), device="Firefox, Linux",
        now=clock.now(),
    )  # fmt: skip


def paid_order(**kwargs: object) -> Order:
    """An order whose money is held."""
    order = placed_order(**kwargs)  # type: ignore[arg-type]
    pay_at_bank(order.payment_id)
    order.refresh_from_db()
    return order


def sandbox_carrier(store_id: UUID, *, code: str = "sandbox", adapter: str = "sandbox") -> Carrier:
    carrier, _ = Carrier.objects.get_or_create(
        code=code, defaults={"name": code, "name_en": code, "adapter": adapter, "push_token": f"token-{code}"}
    )
    StoreCarrier.objects.get_or_create(store_id=store_id, carrier=carrier)
    return carrier


def ship(order: Order, *, number: str = "", adapter: str = "sandbox") -> Shipment:
    carrier = sandbox_carrier(order.store_id, code=adapter, adapter=adapter)
    return fulfilment.ship(
        order_id=order.pk,
        store_id=order.store_id,
        carrier_code=carrier.code,
        number=number or f"TS{order.number}",
        weight_g=500,
        photos=(),
        actor=merchant_of(order),
        now=clock.now(),
    )


def shipped_order(**kwargs: object) -> Order:
    """An order whose parcel the carrier has picked up."""
    order = paid_order(**kwargs)
    scan(ship(order), ShipmentStatus.PICKED_UP)
    order.refresh_from_db()
    return order


def scan(
    shipment: Shipment, status: str, *, grade: str = "", at: datetime | None = None, code: str = "", **snapshot: str
) -> None:
    """One scan by the carrier."""
    now = clock.now()
    at = at or now
    line = Scan(at=at, raw_time=at.isoformat(), tz_source="explicit", code=code or status, status=status, grade=grade)
    fulfilment.tracking_received(
        shipment_id=shipment.pk,
        snapshot=Snapshot(number=shipment.number, scans=(line,), **snapshot),  # type: ignore[arg-type]
        provider="test",
        now=now,
    )


def delivered_order(*, grade: str = EvidenceGrade.B, **kwargs: object) -> Order:
    """An order that lies with the buyer, to be looked at."""
    order = shipped_order(**kwargs)
    scan(order.shipments.get(), ShipmentStatus.DELIVERED, grade=grade)
    order.refresh_from_db()
    return order


def open_case(order: Order, *, want: str = Remedy.REFUND, amount: Money | None = None) -> Case:
    return aftersale.open_case(
        order_id=order.pk,
        ground=Ground.NOT_AS_DESCRIBED,
        want=want,
        amount=amount,
        text="It is not what was promised.",
        photos=(),
        actor=buyer_of(order),
        now=clock.now(),
    )


def wait(**time: float) -> None:
    """Let time pass, and let happen what then happens by itself."""
    clock.advance_sandbox(timedelta(**time))
    settle()


def settle() -> None:
    """Let everything that is due happen, until nothing more follows."""
    for _ in range(10):
        if deadlines.sweep() + outbox.drain() == 0:
            return
