"""One deal over HTTP: buyer, merchant and mediator at their pages, bank, carrier and clock at their sandbox doors."""

from __future__ import annotations

import io
import re
from collections import defaultdict
from urllib.parse import urlsplit

from django.core.management import call_command
from django.urls import reverse

from core import outbox
from escrow import pretended
from escrow.models import Hold, Payment, Refund
from escrow.queries import books
from shop.models import Order
from tests import sandbox
from tests.factories.accounts import AddressFactory, MediatorFactory, UserFactory
from tests.factories.escrow import payout_account
from tests.factories.shop import ProductFactory, StoreFactory
from tests.journeys.people import Person, post_json
from tests.stories import sandbox_carrier

PRICE = 9_973  # no percentage of it is round
HAN = re.compile(r"[\u4e00-\u9fff]")


class Deal:
    def __init__(self, *, price: int = PRICE, shipping: int = 600, number: str = "6222021234561234") -> None:
        self.buyer = Person(UserFactory(language="zh-hans"))
        self.merchant = Person(UserFactory(language="en"))
        self.mediator = Person(MediatorFactory(language="en"))
        store = StoreFactory(owner=self.merchant.user, shipping_minor=shipping)
        self.product = ProductFactory(store=store, price_minor=price)
        AddressFactory(user=self.buyer.user, is_default=True)
        sandbox_carrier(store.pk)
        payout_account(store.pk, number)
        self.store = store
        self.total = price + shipping

    # --- where things stand ------------------------------------------------------------------------------------

    @property
    def order(self) -> Order:
        return Order.objects.select_related("payment").get(buyer=self.buyer.user)

    @property
    def payment(self) -> Payment:
        return Payment.objects.get(buyer_id=self.buyer.user.pk)

    @property
    def hold(self) -> Hold:
        return Hold.objects.get(order=self.order)

    def at(self, name: str) -> str:
        """The address of a page of the order: ``shop:order``, ``merchant:ship`` …"""
        return reverse(name, args=[self.order.number])

    def case_at(self, name: str) -> str:
        return reverse(name, args=[self.order.cases.get().number])

    # --- buying --------------------------------------------------------------------------------------------------

    def check_out(self) -> None:
        """Product page, cart, checkout page, order."""
        page = reverse("shop:product", args=[self.product.pk])
        variant = self.product.variants.get()
        self.buyer.submit(page, reverse("shop:cart-add"), variant=str(variant.pk), quantity="1")
        assert self.product.title in self.buyer.open(reverse("shop:cart"))
        answer = self.buyer.submit(reverse("shop:checkout"), having="checkout_key", note="放在门卫处")
        assert answer.status_code == 302, answer.content.decode()[:3000]
        assert urlsplit(answer.url).path == reverse("shop:payment", args=[self.payment.pk])
        self.buyer.open(answer.url)

    def pay(self, outcome: str = "paid", **more: object) -> None:
        post_json(reverse("sandbox:pay", args=[self.payment.pk]), outcome=outcome, **more)

    def bought(self) -> Deal:
        self.check_out()
        self.pay()
        self.work()
        assert (self.order.status, self.hold.status) == ("paid", "held")
        assert self.hold.amount_minor == self.total
        return self

    # --- the parcel ----------------------------------------------------------------------------------------------

    def ship(self, number: str = "TS2026000001") -> None:
        given = {"carrier": "sandbox", "number": number, "weight_g": "640"}
        answer = self.merchant.submit(self.at("merchant:order"), self.at("merchant:ship"), **given)
        assert answer.status_code == 302, answer.content.decode()[:3000]
        self.work()

    def scan(self, event: str, signed: str = "") -> None:
        number = self.order.shipments.get(superseded=False).number
        told = post_json(reverse("sandbox:parcel", args=[number]), event=event, signed=signed)
        assert told["pushed"], told
        self.work()

    def delivered(self) -> Deal:
        """Bought, shipped, carried, signed for by the recipient."""
        self.bought()
        self.ship()
        for event in ("picked_up", "in_transit", "arrived_city", "out_for_delivery"):
            self.scan(event)
        self.scan("delivered", signed="recipient")
        assert self.order.status == "delivered"
        return self

    # --- time ----------------------------------------------------------------------------------------------------

    def wait(self, hours: float) -> None:
        post_json(reverse("sandbox:clock"), hours=hours)
        self.work()

    def work(self) -> None:
        """Let the worker do everything that is due now."""
        for _ in range(12):
            sandbox.tell_shop()
            swept = post_json(reverse("sandbox:clock"), hours=0)["swept"]
            if swept + outbox.depth() == 0:
                return
        raise AssertionError("the worker finds no end")

    # --- what is counted afterwards ------------------------------------------------------------------------------

    def books(self) -> dict[str, int]:
        """
        What every account holds in minor units, empty ones left out; ``ledger_check`` must agree.

        :raises SystemExit: if the books do not balance
        """
        call_command("ledger_check", stdout=io.StringIO())
        accounts: dict[str, int] = defaultdict(int)
        for line in books().accounts:
            accounts[line.key.partition(":")[0]] += line.balance
        return {kind: minor for kind, minor in accounts.items() if minor}

    def at_the_bank(self) -> dict[str, int]:
        """What the bank itself has moved: in, back, out."""
        moved = {"in": 0, "back": 0, "out": 0}
        for name in pretended.DIALECTS:
            book = sandbox.book(name)
            moved["in"] += sum(row.minor for charge in book.charges.values() for row in charge.arrivals)
            moved["back"] += sum(row.minor for row in book.refunds.values() if row.state == "done")
            moved["out"] += sum(row.minor for row in book.transfers.values() if row.state == "done")
        return moved

    def refunds(self) -> list[tuple[int, str]]:
        return list(Refund.objects.order_by("pk").values_list("amount_minor", "status"))

    def told_once(self, person: Person, kind: str) -> str:
        """One message of this kind, in the language of its reader, by site and by e-mail; its text."""
        notices = person.told(kind)
        assert len(notices) == 1, (kind, notices, [notice.kind for notice in person.user.notices.all()])
        text = f"{notices[0].subject}\n{notices[0].body}"
        assert notices[0].subject in person.mails()
        in_chinese = bool(HAN.search(text.replace(self.store.name, "")))
        assert in_chinese is (person.user.language == "zh-hans"), text
        return text
