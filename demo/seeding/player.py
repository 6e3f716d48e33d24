"""The scripts of the demo's deals, step by step, through the flows that people use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Address, User
from core.actor import Actor
from core.money import Money
from demo.pictures import evidence_photo, pack_photo
from demo.pictures.evidence import EvidenceKind
from demo.seeding.timeline import Step
from disputes.services import cases
from disputes.states import Ground
from escrow import pretended
from escrow.services import payments
from flows import aftersale, cancellation, fulfilment, purchase, release
from flows import codes as flow
from logistics import sandbox_carrier
from shop.models import Cart, CartLine, Order, Variant
from shop.queries.carts import checked
from shop.queries.coupons import applied, best_codes, with_offers
from shop.services import codes
from shop.states import Kind

PHOTO = 480  # pixels


@dataclass(slots=True)
class Player:
    """One deal's script. ``now`` is the time of its last step; each step says how many hours later it happens."""

    buyer: User
    now: datetime
    steps: list[Step] = field(default_factory=list)
    order_id: UUID | None = None  # known once its step has been played, as is the case
    case_id: UUID | None = None

    @property
    def order(self) -> Order:
        assert self.order_id is not None
        return Order.objects.select_related("store").get(pk=self.order_id)

    @property
    def buyer_actor(self) -> Actor:
        return Actor(user_id=self.buyer.pk)

    @property
    def merchant_actor(self) -> Actor:
        return Actor(user_id=self.order.store.owner_id)

    @property
    def case(self) -> UUID:
        assert self.case_id is not None
        return self.case_id

    def _then(self, act: Callable[[datetime], object], *, after: float) -> Player:
        self.now += timedelta(hours=after)
        self.steps.append(Step(self.now, act))
        return self

    def place(self, variant: Variant, *, quantity: int = 1, coupon: bool = False) -> Player:
        """Put into the cart and check out, with the best coupon there is if one is wanted."""

        def act(now: datetime) -> None:
            cart, _ = Cart.objects.get_or_create(user=self.buyer)
            line = CartLine.objects.create(
                cart=cart, variant=variant, quantity=quantity, price_seen_minor=variant.price_minor
            )
            ships = variant.product.kind == Kind.PHYSICAL
            address = Address.objects.filter(user=self.buyer).order_by("-is_default").first() if ships else None
            view = with_offers(checked(cart.pk, [line.pk]), user_id=self.buyer.pk, now=now)
            coupons = best_codes(view) if coupon else {}
            payment = purchase.place(
                buyer_id=self.buyer.pk, cart_id=cart.pk, line_ids=[line.pk],
                address_id=address.pk if address else None, note="",
                seen_total_minor=applied(view, coupons).total.minor, actor=self.buyer_actor, now=now,
                coupon_codes=coupons,
            )  # fmt: skip
            self.order_id = Order.objects.get(payment=payment).pk

        return self._then(act, after=0)

    def pay(self, outcome: str = "paid", *, after: float = 0.05, minor: int | None = None) -> Player:
        """Pay at the sandbox bank; the shop asks the bank and holds the money."""

        def act(now: datetime) -> None:
            payment_id = self.order.payment_id
            assert payment_id is not None
            there = payments.start_payment(payment_id=payment_id)
            pretended.ask("play", "sandbox", ref=there.reference, outcome=outcome, minor=minor)
            purchase.settle_payment(payment_id=payment_id, now=now)

        return self._then(act, after=after)

    def ship(self, *, after: float = 6, photos: bool = False) -> Player:
        """Pack, weigh, photograph and book."""

        def act(now: datetime) -> None:
            order = self.order
            pictures = [
                SimpleUploadedFile(f"{shot}.webp", pack_photo(order.number, shot, size=PHOTO), "image/webp")
                for shot in (("open", "scale") if photos else ())
            ]
            fulfilment.ship(
                order_id=order.pk, store_id=order.store_id, carrier_code="sandbox", number=f"TS{order.number}",
                weight_g=860, photos=pictures, actor=self.merchant_actor, now=now,
            )  # fmt: skip

        return self._then(act, after=after)

    def scan(self, event: str, *, signed: str = "", after: float = 5) -> Player:
        """Let something happen to the parcel at the carrier, which tells the shop."""

        def act(now: datetime) -> None:
            number = self.order.shipments.order_by("-created_at").values_list("number", flat=True)[0]
            sandbox_carrier.push(sandbox_carrier.happen(number=number, event=event, signed=signed, now=now))

        return self._then(act, after=after)

    def travel(self, *, signed: str = "recipient") -> Player:
        """The whole way to the door."""
        for event, hours in (("picked_up", 3), ("in_transit", 9), ("arrived_city", 14), ("out_for_delivery", 9)):
            self.scan(event, after=hours)
        return self.scan("delivered", signed=signed, after=4)

    def reveal(self, *, pieces: int | None = None, after: float = 0.5) -> Player:
        """Open codes: some, or all."""

        def act(now: datetime) -> None:
            keys = list(codes.keys_of(self.order.pk).values_list("pk", flat=True))[:pieces]
            flow.reveal(order_id=self.order.pk, key_ids=keys, actor=self.buyer_actor, device="Chrome, Android", now=now)

        return self._then(act, after=after)

    def confirm(self, *, after: float = 20) -> Player:
        return self._then(
            lambda now: release.confirm_receipt(order_id=self.order.pk, actor=self.buyer_actor, now=now), after=after
        )

    def cancel(self, *, by_merchant: bool = False, after: float = 1) -> Player:
        def act(now: datetime) -> None:
            actor = self.merchant_actor if by_merchant else self.buyer_actor
            cancellation.cancel(order_id=self.order.pk, reason="", actor=actor, now=now)

        return self._then(act, after=after)

    def claim(
        self, *, want: str, text: str, ground: str = Ground.NOT_AS_DESCRIBED, amount: int | None = None,
        photo: EvidenceKind | None = None, after: float = 12,
    ) -> Player:  # fmt: skip
        def act(now: datetime) -> None:
            shown = evidence_photo(photo, self.order.number, size=PHOTO) if photo else b""
            photos = [SimpleUploadedFile("claim.webp", shown, "image/webp")] if shown else []
            self.case_id = aftersale.open_case(
                order_id=self.order.pk, ground=ground, want=want, amount=Money(amount) if amount else None, text=text,
                photos=photos, actor=self.buyer_actor, now=now,
            ).pk  # fmt: skip

        return self._then(act, after=after)

    def offer(self, remedy: str, amount: int | None, text: str, *, after: float = 5) -> Player:
        return self._then(
            lambda now: aftersale.offer(
                case_id=self.case, remedy=remedy, amount=Money(amount) if amount else None, text=text,
                actor=self.merchant_actor, now=now,
            ),
            after=after,
        )  # fmt: skip

    def refuse(self, text: str, *, after: float = 5) -> Player:
        return self._then(
            lambda now: aftersale.refuse(case_id=self.case, text=text, actor=self.merchant_actor, now=now), after=after
        )

    def accept(self, *, after: float = 5) -> Player:
        return self._then(
            lambda now: aftersale.accept(case_id=self.case, actor=self.merchant_actor, now=now), after=after
        )

    def escalate(self, text: str, *, after: float = 8) -> Player:
        return self._then(
            lambda now: aftersale.escalate(case_id=self.case, text=text, actor=self.buyer_actor, now=now), after=after
        )

    def withdraw(self, *, after: float = 6) -> Player:
        return self._then(
            lambda now: aftersale.withdraw(case_id=self.case, actor=self.buyer_actor, now=now), after=after
        )

    def send_back(self, *, after: float = 10) -> Player:
        return self._then(
            lambda now: aftersale.send_back(
                case_id=self.case, carrier_code="sandbox", number=f"TSB{self.order.number}", actor=self.buyer_actor,
                now=now,
            ),
            after=after,
        )  # fmt: skip

    def take(self, mediator: User, *, after: float = 2) -> Player:
        return self._then(lambda now: cases.take(case_id=self.case, actor=_mediator(mediator), now=now), after=after)

    def rule(
        self, mediator: User, *, percent: int, fault: str, article: str, reasons: str, after: float = 20
    ) -> Player:
        return self._then(
            lambda now: aftersale.rule(
                case_id=self.case, refund_minor=self.order.total_minor * percent // 100, fault=fault, article=article,
                reasons=reasons, actor=_mediator(mediator), now=now,
            ),
            after=after,
        )  # fmt: skip


def _mediator(user: User) -> Actor:
    return Actor(user_id=user.pk, is_mediator=True)
