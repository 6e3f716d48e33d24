"""Playing a deal step by step, each at its own time, through the flows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Address, User
from core import clock, deadlines, outbox
from core.actor import Actor
from core.money import Money
from demo.pictures import evidence_photo, pack_photo
from demo.pictures.evidence import EvidenceKind
from disputes.services import cases
from disputes.states import Ground
from escrow import sandbox_bank
from escrow.services import payments
from flows import aftersale, cancellation, fulfilment, purchase, release
from logistics import sandbox_carrier
from shop.models import Cart, CartLine, Order, Variant


@dataclass(slots=True)
class Player:
    """One deal on its way. ``now`` is the time of the last step; each step says how many hours later it happens."""

    buyer: User
    now: datetime
    order_id: UUID | None = None
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

    def _later(self, hours: float) -> datetime:
        self.now += timedelta(hours=hours)
        return self.now

    def place(self, *variants: Variant, quantity: int = 1, after: float = 0) -> Player:
        """Put into the cart and check out."""
        now = self._later(after)
        with clock.at(now):
            cart, _ = Cart.objects.get_or_create(user=self.buyer)
            lines = [
                CartLine.objects.create(
                    cart=cart, variant=variant, quantity=quantity, price_seen_minor=variant.price_minor
                )
                for variant in variants
            ]
            address = Address.objects.filter(user=self.buyer).order_by("-is_default").first()
            assert address is not None
            from shop.queries.carts import checked

            ids = [line.pk for line in lines]
            payment = purchase.place(
                buyer_id=self.buyer.pk, cart_id=cart.pk, line_ids=ids, address_id=address.pk, note="",
                seen_total_minor=checked(cart.pk, ids).total.minor, actor=self.buyer_actor, now=now,
            )  # fmt: skip
            self.order_id = Order.objects.get(payment=payment).pk
        return self

    def pay(self, outcome: str = "paid", *, after: float = 0.05, minor: int | None = None) -> Player:
        """Pay at the sandbox bank; the shop asks the bank and holds the money."""
        now = self._later(after)
        with clock.at(now):
            payment_id = self.order.payment_id
            assert payment_id is not None
            payments.start_payment(payment_id=payment_id)
            sandbox_bank.act(key=f"payment:{payment_id}", outcome=outcome, minor=minor)
            purchase.settle_payment(payment_id=payment_id, now=now)
        return self

    def ship(self, *, after: float = 6, photos: bool = False) -> Player:
        """Pack, weigh, photograph and book."""
        now = self._later(after)
        with clock.at(now):
            order = self.order
            pictures = [
                SimpleUploadedFile(f"{shot}.webp", pack_photo(order.number, shot, size=640), "image/webp")
                for shot in (("open", "scale") if photos else ())
            ]
            fulfilment.ship(
                order_id=order.pk, store_id=order.store_id, carrier_code="sandbox", number=f"TS{order.number}",
                weight_g=860, photos=pictures, actor=self.merchant_actor, now=now,
            )  # fmt: skip
            outbox.drain()
        return self

    def scan(self, event: str, *, signed: str = "", after: float = 5) -> Player:
        """Let something happen to the parcel at the carrier, which tells the shop."""
        now = self._later(after)
        with clock.at(now):
            number = self.order.shipments.order_by("-created_at").values_list("number", flat=True)[0]
            parcel = sandbox_carrier.happen(number=number, event=event, signed=signed, now=now)
            sandbox_carrier.push(parcel)
        return self

    def travel(self, *, signed: str = "recipient") -> Player:
        """The whole way to the door."""
        for event, hours in (("picked_up", 3), ("in_transit", 9), ("arrived_city", 14), ("out_for_delivery", 9)):
            self.scan(event, after=hours)
        return self.scan("delivered", signed=signed, after=4)

    def confirm(self, *, after: float = 20) -> Player:
        now = self._later(after)
        with clock.at(now):
            release.confirm_receipt(order_id=self.order.pk, actor=self.buyer_actor, now=now)
        return self

    def cancel(self, *, by_merchant: bool = False, after: float = 1) -> Player:
        now = self._later(after)
        actor = self.merchant_actor if by_merchant else self.buyer_actor
        with clock.at(now):
            cancellation.cancel(order_id=self.order.pk, reason="", actor=actor, now=now)
        return self

    def claim(
        self, *, want: str, text: str, ground: str = Ground.NOT_AS_DESCRIBED, amount: int | None = None,
        photo: EvidenceKind | None = None, after: float = 12,
    ) -> Player:  # fmt: skip
        now = self._later(after)
        with clock.at(now):
            shown = evidence_photo(photo, self.order.number, size=640) if photo else b""
            photos = [SimpleUploadedFile("claim.webp", shown, "image/webp")] if shown else []
            case = aftersale.open_case(
                order_id=self.order.pk, ground=ground, want=want, amount=Money(amount) if amount else None, text=text,
                photos=photos, actor=self.buyer_actor, now=now,
            )  # fmt: skip
            self.case_id = case.pk
        return self

    def offer(self, remedy: str, amount: int | None, text: str, *, after: float = 5) -> Player:
        now, case_id = self._later(after), self._case()
        with clock.at(now):
            aftersale.offer(
                case_id=case_id, remedy=remedy, amount=Money(amount) if amount else None, text=text,
                actor=self.merchant_actor, now=now,
            )  # fmt: skip
        return self

    def refuse(self, text: str, *, after: float = 5) -> Player:
        now, case_id = self._later(after), self._case()
        with clock.at(now):
            aftersale.refuse(case_id=case_id, text=text, actor=self.merchant_actor, now=now)
        return self

    def accept(self, *, by_buyer: bool = False, after: float = 5) -> Player:
        now, case_id = self._later(after), self._case()
        with clock.at(now):
            actor = self.buyer_actor if by_buyer else self.merchant_actor
            aftersale.accept(case_id=case_id, actor=actor, now=now)
        return self

    def escalate(self, text: str, *, after: float = 8) -> Player:
        now, case_id = self._later(after), self._case()
        with clock.at(now):
            aftersale.escalate(case_id=case_id, text=text, actor=self.buyer_actor, now=now)
        return self

    def withdraw(self, *, after: float = 6) -> Player:
        now, case_id = self._later(after), self._case()
        with clock.at(now):
            aftersale.withdraw(case_id=case_id, actor=self.buyer_actor, now=now)
        return self

    def send_back(self, *, after: float = 10) -> Player:
        now, case_id = self._later(after), self._case()
        with clock.at(now):
            aftersale.send_back(
                case_id=case_id, carrier_code="sandbox", number=f"TSB{self.order.number}", actor=self.buyer_actor,
                now=now,
            )  # fmt: skip
        return self

    def take(self, mediator: User, *, after: float = 2) -> Player:
        now, case_id = self._later(after), self._case()
        with clock.at(now):
            cases.take(case_id=case_id, actor=Actor(user_id=mediator.pk, is_mediator=True), now=now)
        return self

    def rule(
        self, mediator: User, *, percent: int, fault: str, article: str, reasons: str, after: float = 20
    ) -> Player:
        now, case_id = self._later(after), self._case()
        with clock.at(now):
            aftersale.rule(
                case_id=case_id, refund_minor=self.order.total_minor * percent // 100, fault=fault, article=article,
                reasons=reasons, actor=Actor(user_id=mediator.pk, is_mediator=True), now=now,
            )  # fmt: skip
        return self

    def wait(self, *, after: float) -> Player:
        """Let time pass and happen what then happens by itself."""
        now = self._later(after)
        with clock.at(now):
            follow()
        return self

    def _case(self) -> UUID:
        assert self.case_id is not None
        return self.case_id


def follow() -> None:
    """Everything that is due at this moment: notices, refunds, payouts, releases."""
    for _ in range(6):
        if deadlines.sweep() + outbox.drain() == 0:
            return
