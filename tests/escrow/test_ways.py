"""What the sandbox's pages make go wrong reaches each provider's own dialect, and the shop by its own adapter."""

from __future__ import annotations

import pytest
from django.urls import reverse

from core import clock, deadlines
from core.actor import SYSTEM
from core.errors import NotFound
from core.money import Money
from escrow import pretended
from escrow.errors import CannotBeHeld, NobodyTakesMoney, NoSuchCurrency, PaymentNotOpen
from escrow.gateways import use
from escrow.gateways.base import Capabilities
from escrow.models import Chargeback, Hold, Inbox, OtherWay, Payment, Receipt, Refund
from escrow.queries import books, ways
from escrow.services import payments
from escrow.services.ways import choose_way
from flows import cancellation, purchase
from shop.models import Order
from tests import sandbox
from tests.factories.escrow import OrderFactory, ScriptedGateway, open_payment
from tests.journeys.people import post_json

pytestmark = [pytest.mark.django_db, pytest.mark.money]
WAYS = list(pretended.DIALECTS)
CAN = {
    "sandbox": {"paid", "declined", "wrong_amount", "late", "twice", "reorder", "forged", "paid_twice", "chargeback"},
    "stripe": {"paid", "declined", "wrong_amount", "late", "twice", "reorder", "forged", "paid_twice", "chargeback"},
    "alipay": {"paid", "wrong_amount", "late", "twice", "reorder", "forged"},
    "wechatpay": {"paid", "declined", "wrong_amount", "late", "twice", "reorder", "forged"},
}
EACH = [(way, outcome) for way in WAYS for outcome in sorted(CAN[way])]


@pytest.fixture(autouse=True)
def all_ways(settings):
    settings.PROVIDERS = {**settings.PROVIDERS, **pretended.shop_values(sandbox.bank, *WAYS)}
    settings.PAYMENT_GATEWAYS = WAYS


@pytest.fixture(autouse=True)
def books_balance(db):
    yield
    assert books().discrepancies == []


@pytest.fixture
def payment() -> Payment:
    order = OrderFactory(items_minor=12_800)
    payment = open_payment(12_800, buyer_id=order.buyer_id)
    Order.objects.filter(pk=order.pk).update(payment=payment)
    return payment


def page(payment: Payment, way: str = "") -> str:
    return reverse("sandbox:pay", args=[payment.pk]) + (f"?way={way}" if way else "")


def begun(payment: Payment, way: str) -> Payment:
    """Chosen and begun at a provider, with the payer on its page."""
    choose_way(payment_id=payment.pk, gateway=way)
    payment.refresh_from_db()
    return payment


def fresh(payment: Payment) -> Payment:
    payment.refresh_from_db()
    return payment


def answers(way: str) -> list[str]:
    return [answer[:3] for event in sandbox.book(way).events for answer in event.answers]


@pytest.mark.parametrize(("way", "outcome"), EACH)
def test_each_fault_of_the_page_at_each_provider(payment, way, outcome):
    begun(payment, way)
    told = post_json(page(payment), outcome=outcome)
    sandbox.tell_shop()
    status, held = fresh(payment).status, list(Hold.objects.values_list("amount_minor", flat=True))
    assert payment.gateway == way
    if outcome in ("paid", "twice", "reorder", "paid_twice"):
        assert (status, held, set(answers(way))) == ("paid", [12_800], {"200"})
        copies = {"twice": 2, "reorder": 2, "paid_twice": 2}.get(outcome, 1)
        assert len(answers(way)) == copies
        assert Receipt.objects.count() == (2 if outcome == "paid_twice" else 1)
        return
    assert held == []
    if outcome == "wrong_amount":
        assert Receipt.objects.get().reason == "wrong_amount"
    elif outcome == "declined":
        purchase.settle_payment(payment_id=payment.pk, now=clock.now())
        assert fresh(payment).declined_reason
    elif outcome == "forged":
        assert (answers(way), Inbox.objects.count()) == (["401"], 0)
    elif outcome == "late":
        assert told["late"]
        cancellation.close_unpaid(payment_id=payment.pk, actor=SYSTEM, reason="not paid in time", now=clock.now())
        sandbox.tell_shop()
        deadlines.sweep()
        assert (fresh(payment).status, Refund.objects.get().status) == ("closed", "done")
    assert not any(told["disputes"])


@pytest.mark.parametrize("way", ["sandbox", "stripe"])
def test_a_chargeback_of_the_page_is_booked(payment, way):
    begun(payment, way)
    post_json(page(payment), outcome="paid")
    assert post_json(page(payment), outcome="chargeback")["disputes"][0]["status"] == "open"
    assert (Chargeback.objects.get().amount_minor, Chargeback.objects.get().status) == (12_800, "open")
    post_json(page(payment), outcome="chargeback_won")
    assert Chargeback.objects.get().status == "won"


@pytest.mark.parametrize(("way", "outcome"), [("alipay", "declined"), ("wechatpay", "paid_twice"), ("stripe", "rob")])
def test_what_a_provider_cannot_tell_of_is_not_offered_and_is_refused(client, payment, way, outcome):
    begun(payment, way)
    assert f'value="{outcome}"' not in client.get(page(payment)).content.decode()
    answer = client.post(page(payment), {"outcome": outcome}, headers={"accept": "application/json"})
    assert answer.status_code == 400
    assert fresh(payment).status == "open"


def test_the_page_says_whom_it_plays_and_the_book_has_them_all(client, payment):
    for way, word in (("alipay", "Alipay"), ("wechatpay", "WeChat Pay"), ("stripe", "Stripe")):
        begun(payment, way)
        text = client.get(page(payment), headers={"accept-language": "en"}).content.decode()
        assert f"{word}" in text.partition("</h1>")[0] and "sandbox" in text.partition("</h1>")[0]
    rows = client.get(reverse("sandbox:bank"), headers={"accept": "application/json"}).json()["charges"]
    assert sorted(row["way"] for row in rows) == ["alipay", "stripe", "wechatpay"]
    shown = client.get(reverse("sandbox:bank")).content.decode()
    for row in sandbox.book("alipay").charges.values():
        assert reverse("sandbox:pay-at", args=["alipay", row.ref]) in shown
        led = client.get(reverse("sandbox:pay-at", args=["alipay", row.ref]))
        assert led.url == page(payment, "alipay")  # it was left for another
        assert client.get(led.url).status_code == 200
    assert client.get(reverse("sandbox:pay-at", args=["alipay", "none"])).status_code == 404
    assert client.get(reverse("sandbox:pay-at", args=["paypal", "none"])).status_code == 404


def test_a_buyer_chooses_on_the_payment_page(client, payment):
    client.force_login(payment.buyer)
    url = reverse("shop:payment", args=[payment.pk])
    text = client.get(url, headers={"accept-language": "en"}).content.decode()
    assert [f'href="?pay={way}"' in text for way in WAYS] == [False, True, True, True]
    assert 'href="?pay=1"' in text
    assert client.get(f"{url}?pay=stripe").url.startswith(f"{pretended.HERE}/page/stripe/")
    assert fresh(payment).gateway == "stripe"
    assert client.get(f"{url}?pay=alipay").url.startswith(f"{pretended.HERE}/alipay/gateway.do?")
    assert (fresh(payment).gateway, OtherWay.objects.get().gateway) == ("alipay", "stripe")
    assert client.get(f"{url}?pay=robbery").status_code == 302  # as if nothing was chosen
    assert fresh(payment).gateway == "alipay"
    code = client.get(f"{url}?pay=wechatpay").content.decode()
    assert "data:image/" in code and f'href="{page(payment)}"' in code
    back = client.get(f"{url}?pay=stripe")
    assert back.url == sandbox.book("stripe").charge(fresh(payment).reference).data["url"]


def test_money_by_a_way_that_was_left_pays_as_well(payment):
    begun(payment, "stripe")
    payments.start_payment(payment_id=payment.pk)
    left = fresh(payment).reference
    begun(payment, "wechatpay")
    payments.start_payment(payment_id=payment.pk)
    post_json(page(payment, "stripe"), outcome="paid")
    assert (fresh(payment).status, payment.gateway, payment.reference) == ("paid", "stripe", left)
    assert (Receipt.objects.get().gateway, OtherWay.objects.get().gateway) == ("stripe", "wechatpay")
    deadlines.sweep()
    (other,) = sandbox.book("wechatpay").charges.values()
    assert other.state == "closed"
    with pytest.raises(PaymentNotOpen):
        choose_way(payment_id=payment.pk, gateway="alipay")


def test_check_now_asks_all_of_them_and_one_that_is_silent_hides_no_money(payment):
    begun(payment, "stripe")
    payments.start_payment(payment_id=payment.pk)
    with sandbox.silence("stripe"):
        pretended.ask("play", "stripe", ref=fresh(payment).reference, outcome="paid")
    begun(payment, "wechatpay")
    payments.start_payment(payment_id=payment.pk)
    sandbox.book("wechatpay").faults.write([{"op": "query", "mood": "fail_before", "times": 9}])
    assert purchase.settle_payment(payment_id=payment.pk, now=clock.now()).status == "paid"
    assert fresh(payment).gateway == "stripe"


class HoldsShortly(ScriptedGateway):
    capabilities = Capabilities(hold_days=7, partial_refund=True, currencies=frozenset({"CNY"}))


def test_who_cannot_keep_the_promise_is_not_offered(settings):
    longest = purchase.from_values(purchase.current("physical").values).longest_hold
    offered = ways.ways_for(amount=Money(1), at_most=longest)
    assert offered == WAYS
    with use("alipay", HoldsShortly()):
        assert ways.ways_for(amount=Money(1), at_most=longest) == ["sandbox", "wechatpay", "stripe"]
    assert ways.ways_for(amount=Money(1, "EUR"), at_most=longest) == ["sandbox", "stripe"]
    settings.PAYMENT_GATEWAYS = ["wechatpay"]
    with pytest.raises(NoSuchCurrency):
        payments.promise_to_hold(amount=Money(1, "EUR"), at_most=longest)
    with use("wechatpay", HoldsShortly()), pytest.raises(CannotBeHeld):
        payments.promise_to_hold(amount=Money(1), at_most=longest)
    settings.PAYMENT_GATEWAYS = ["none"]
    with pytest.raises(NobodyTakesMoney):
        payments.promise_to_hold(amount=Money(1), at_most=longest)


def test_outside_a_sandbox_nobody_pretends(settings):
    settings.SANDBOX = False
    with pytest.raises(NotFound):
        payments.provider_of("sandbox")


def test_a_provider_that_is_not_set_up_is_left_out_or_pretended(monkeypatch):
    from config.providers import providers

    monkeypatch.delenv("STRIPE_SECRET_KEY", raising=False)
    monkeypatch.setenv("WECHATPAY_MCHID", "1900000009")
    played = {"stripe": {"api_base": "http://127.0.0.1:8900/stripe"}, "wechatpay": {"mchid": "1900000001"}}
    assert not providers(pretended={})["stripe"]
    assert providers(pretended=played)["stripe"] == played["stripe"]
    assert providers(pretended=played)["wechatpay"]["mchid"] == "1900000009"  # the real one goes first
