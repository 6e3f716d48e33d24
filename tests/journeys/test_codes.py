"""Codes over HTTP: handed in, bought, paid at the bank, revealed, released; the money counted after each."""

from __future__ import annotations

import pytest
from django.urls import reverse

from shop.models import CardKey
from tests.factories.accounts import UserFactory
from tests.journeys.deal import Deal
from tests.journeys.forms import form_to
from tests.journeys.people import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.money]
PAID, FEE, NET = 9_973, 499, 9_474  # no shipping; 5 % of 99.73 is 4.98(65), half to even


class CodeDeal(Deal):
    """The same deal with a product that its payment delivers."""

    def __init__(self, *codes: str) -> None:
        super().__init__(shipping=600)
        self.product.kind, self.product.title_en = "code", ""
        self.product.save(update_fields=["kind", "title_en"])
        self.product.variants.update(stock=0)
        self.buyer = Person(UserFactory(language="en"))  # without an address
        self.total = PAID
        self.hand_in(*codes)

    @property
    def pool(self) -> str:
        return reverse("merchant:product-codes", args=[self.product.pk])

    def hand_in(self, *codes: str) -> None:
        if not codes:
            return
        text = "\n".join(codes)
        looked = self.merchant.submit(self.pool, text=text, check="1").content.decode()
        assert "Nothing has been taken in yet." in looked
        answer = self.merchant.client.post(
            self.pool, self._filled(looked, text), HTTP_REFERER=f"http://testserver{self.pool}"
        )
        assert answer.status_code == 302, answer.content.decode()[:2000]

    def _filled(self, page: str, text: str) -> dict[str, object]:
        return form_to(page, self.pool, page=self.pool, having="hand_in").filled({"text": text, "hand_in": "1"})

    def reveal(self) -> str:
        self.buyer.submit(self.at("shop:order-codes"), having="understood", understood="on")
        return self.buyer.open(self.at("shop:order-codes"))


def test_from_the_pool_to_the_buyer_and_the_money_to_the_merchant():
    deal = CodeDeal("JRNY-0001", "JRNY-0002")
    deal.check_out()
    deal.pay()
    deal.work()
    assert (deal.order.status, deal.hold.status, deal.hold.amount_minor) == ("delivered", "held", PAID)
    assert deal.books() == {"provider": -PAID, "escrow": PAID}
    deal.told_once(deal.buyer, "order.codes_delivered")
    deal.told_once(deal.merchant, "escrow.held")
    closed = deal.buyer.open(self_page := deal.at("shop:order-codes"))
    assert "JRNY-000" not in closed and "JRNY-000" not in deal.buyer.open(deal.at("shop:order"))
    assert ("JRNY-0001" in deal.reveal()) != ("JRNY-0002" in deal.buyer.open(self_page))
    deal.wait(17)
    assert not deal.buyer.told("escrow.release_soon")
    deal.wait(2)
    deal.told_once(deal.buyer, "escrow.release_soon")
    deal.wait(6)
    assert (deal.order.status, deal.hold.released_minor, deal.hold.fee_taken_minor) == ("completed", PAID, FEE)
    deal.wait(25)
    assert deal.at_the_bank() == {"in": PAID, "back": 0, "out": NET}
    assert deal.books() == {"provider": -FEE, "fees": FEE}
    assert "JRNY-000" in deal.buyer.open(self_page), "read again, long after"


def test_a_notice_sent_twice_delivers_once():
    deal = CodeDeal("TWICE-0001", "TWICE-0002", "TWICE-0003")
    deal.check_out()
    deal.pay("twice")
    deal.work()
    assert CardKey.objects.filter(status="sold").count() == 1
    deal.wait(1)
    assert CardKey.objects.filter(status="sold").count() == 1
    assert deal.hold.amount_minor == PAID


def test_unopened_and_refunded_by_agreement():
    deal = CodeDeal("BACK-00001")
    deal.check_out()
    deal.pay()
    deal.work()
    deal.buyer.submit(
        reverse("disputes:case-new", args=[deal.order.number]), having="ground", ground="changed_mind", remedy="refund",
        text="Bought by mistake, not opened.",
    )  # fmt: skip
    deal.work()
    assert "never opened" in deal.merchant.open(deal.case_at("merchant:case"))
    deal.merchant.submit(deal.case_at("merchant:case"), deal.case_at("disputes:case-accept"))
    deal.work()
    assert deal.order.status == "refunded"
    assert deal.refunds() == [(PAID, "done")]
    assert deal.books() == {}
    assert list(CardKey.objects.values_list("status", flat=True)) == ["available"]


def test_paid_with_an_empty_pool_goes_back_within_the_hour():
    deal = CodeDeal("GONE-00001")
    deal.check_out()
    batch = CardKey.objects.get().batch_id
    url = reverse("merchant:product-codes-batch", args=[deal.product.pk, batch])
    deal.merchant.submit(deal.pool, url, act="withdraw", reason="sold elsewhere")
    deal.pay()
    deal.work()
    assert deal.order.status == "paid"
    assert deal.books() == {"provider": -PAID, "escrow": PAID}
    deal.wait(0.1)
    deal.told_once(deal.buyer, "order.codes_late")
    deal.told_once(deal.merchant, "order.codes_late")
    deal.wait(1)
    assert deal.order.status == "refunded"
    assert deal.books() == {}
    assert deal.at_the_bank() == {"in": PAID, "back": PAID, "out": 0}
