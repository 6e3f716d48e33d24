"""Passing on, close up: who is asked what, what is kept, what the merchant and staff read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from accounts.models import Notice
from accounts.services.step_up import Act, digest_of
from core import clock
from core.actor import SYSTEM
from core.errors import NotFound
from core.models import AuditEntry
from escrow.errors import BadPayoutAccount
from escrow.gateways import use
from escrow.gateways.base import Capabilities, Unavailable
from escrow.models import Hold, Payout, PayoutAccount, Reversal
from escrow.queries import books, merchant_lines
from escrow.queries.passing_on import how_held
from escrow.queries.payouts import usable_from
from escrow.services import holds, late_refunds, passing_on, payouts, taking_back
from escrow.services.payout_accounts import PROVIDER_NUMBERS, drop_provider_account, set_provider_account
from tests import stories
from tests.accounts.proofs import confirm_page, prove_me
from tests.factories.escrow import OrderFactory, PassingGateway, account_there, held, payout_account

pytestmark = [pytest.mark.django_db, pytest.mark.money]
NET = 9_500


@pytest.fixture
def bank() -> Iterator[PassingGateway]:
    provider = PassingGateway()
    with use("sandbox", provider):
        yield provider


def released(minor: int = 10_000, **given: object) -> Hold:
    hold = held(minor, **given)  # type: ignore[arg-type]
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    return hold


def passed(hold: Hold) -> Payout:
    payout = passing_on.pass_on(hold_id=hold.pk, actor=SYSTEM, now=clock.now())
    assert payout is not None
    payouts.send_payout(payout_id=payout.pk, now=clock.now())
    payout.refresh_from_db()
    return payout


def give_back(hold: Hold, minor: int = 4_000) -> None:
    late_refunds.refund_released(
        order_id=hold.order_id, amount_minor=minor, actor=SYSTEM, reason="broken", now=clock.now()
    )


def test_only_what_his_balance_lacks_is_taken_back(bank):
    first = released()
    account_there(first.store_id)
    passed(first)
    released(2_000, order=OrderFactory(items_minor=2_000, store=first.order.store))  # 1,900 more on his balance
    give_back(first)
    assert Reversal.objects.get().amount_minor == 3_800 - 1_900
    assert books().discrepancies == []


def test_a_question_that_is_refused_tells_nothing_about_what_was_asked_for(bank):
    """Red when a no to the question counts as a no to the act: the money went back on the balance, and out twice."""
    hold = released()
    account_there(hold.store_id)
    bank.answers = ["lose"]
    payout = passed(hold)
    from escrow.gateways.base import Refused

    def refuse(**given: object) -> None:
        raise Refused("no_permission")

    bank.query_release = refuse  # type: ignore[method-assign,assignment]
    payouts.send_payout(payout_id=payout.pk, now=clock.now())
    payout.refresh_from_db()
    assert (payout.status, Hold.objects.get().merchant.balance) == ("sent", 0)


def test_what_cannot_be_taken_back_yet_waits(bank):
    hold = released()
    account_there(hold.store_id)
    bank.answers = [Unavailable()]
    payout = passed(hold)
    assert payout.status == "sent"
    give_back(hold)
    row = Reversal.objects.get()
    taking_back.send_reversal(reversal_id=row.pk, now=clock.now())
    row.refresh_from_db()
    assert (row.status, [act for act, _ in bank.calls]) == ("pending", ["release"])
    payouts.send_payout(payout_id=payout.pk, now=clock.now())
    taking_back.send_reversal(reversal_id=row.pk, now=clock.now())
    row.refresh_from_db()
    assert row.status == "done"
    assert books().discrepancies == []


def test_the_database_takes_no_more_back_than_was_passed_on(bank):
    hold = released()
    account_there(hold.store_id)
    payout = passed(hold)
    with pytest.raises(IntegrityError, match="no_more_than_passed_on"), transaction.atomic():
        Payout.objects.filter(pk=payout.pk).update(reversed_minor=NET + 1)


def test_the_books_notice_what_was_passed_on_beyond_the_release(bank):
    hold = released()
    account_there(hold.store_id)
    payout = passed(hold)
    other = released(order=OrderFactory(items_minor=500, store=hold.order.store))
    Payout.objects.filter(pk=payout.pk).update(hold=other)
    assert any("more was passed on than released" in line for line in books().discrepancies)


def test_a_store_that_has_only_an_account_there_is_paid_by_the_daily_run_too(bank):
    """The reaction was lost: what was released goes with the next look at the store."""
    hold = held(order=stories.placed_order())
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    account_there(hold.store_id)
    from escrow.services.payout_run import plan_payouts

    assert plan_payouts(now=clock.now()) == 1
    stories.settle()
    assert Payout.objects.get().status == "paid"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("stripe", "acct_1NvRiMock00000", "6222021234561234"),
        ("alipay", "2088102146225135", "2088"),
        ("wechatpay", "1900000109", "acct_1"),
    ],
)
def test_a_number_there_is_checked_by_how_they_look_there(name, good, bad):
    pattern, _words = PROVIDER_NUMBERS[name]
    assert pattern.match(good)
    assert not pattern.match(bad)


def test_an_account_there_is_sealed_told_and_on_record(settings):
    order = stories.paid_order()
    settings.PROVIDERS = {**settings.PROVIDERS, "stripe": {"secret_key": "sk_test_1"}}
    row = set_provider_account(
        store_id=order.store_id, gateway="stripe", number="acct_1Secret0001", actor=SYSTEM, now=clock.now()
    )
    assert b"Secret" not in bytes(row.number.blob)
    assert (row.number.open(), row.last4, row.place) == ("acct_1Secret0001", "0001", "Stripe")
    stories.settle()
    assert Notice.objects.filter(user_id=order.store.owner_id, kind="escrow.payout_account_set").exists()
    entry = AuditEntry.objects.filter(act="payout_account.set").get()
    assert "Secret" not in str(entry.facts)
    with pytest.raises(BadPayoutAccount):
        set_provider_account(store_id=order.store_id, gateway="stripe", number="x", actor=SYSTEM, now=clock.now())
    with pytest.raises(NotFound):
        set_provider_account(store_id=order.store_id, gateway="bank", number="x", actor=SYSTEM, now=clock.now())
    assert drop_provider_account(store_id=order.store_id, gateway="stripe", actor=SYSTEM)
    assert not drop_provider_account(store_id=order.store_id, gateway="stripe", actor=SYSTEM)


def test_the_first_account_elsewhere_waits_and_the_only_one_does_not(bank):
    alone, beside = released(), released()
    first = PayoutAccount.objects.get(pk=account_there(alone.store_id).pk)
    assert usable_from(first) == first.created_at
    payout_account(beside.store_id)
    later = PayoutAccount.objects.create(
        store_id=beside.store_id, gateway="sandbox", bank="", number="1234567890", last4="7890",
        created_at=clock.now() + timedelta(seconds=1),
    )  # fmt: skip
    later = PayoutAccount.objects.get(pk=later.pk)
    assert usable_from(later) == later.created_at + timedelta(hours=72)


def test_his_account_says_who_passed_it_on(bank):
    hold = released()
    account_there(hold.store_id)
    passed(hold)
    give_back(hold)
    taking_back.send_reversal(reversal_id=Reversal.objects.get().pk, now=clock.now())
    with translation.override("en"):
        words = {str(line.label): line.order_number for line in merchant_lines(hold.store_id)[0:10]}
    assert "Passed on by the payment provider" in words
    assert "Taken back from your account at the provider" in words
    assert "Paid out to the bank" not in words
    assert {number for label, number in words.items() if "provider" in label} == {hold.order.number}


# --- pages ------------------------------------------------------------------------------------------------------------


class Described(PassingGateway):
    def __init__(self, **can: object) -> None:
        super().__init__()
        self.capabilities = Capabilities(
            partial_refund=True,
            currencies=frozenset({"CNY"}),
            **can,  # type: ignore[arg-type]
        )


HELD = {
    "kept": ("wechatpay", {"hold_days": 30, "splits": True}, "WeChat Pay itself keeps the money frozen"),
    "protected": (
        "stripe", {"hold_days": 90, "splits": True, "wording": "protected payment"}, "not an escrow account",
    ),
    "ours": ("alipay", {"hold_days": None}, "Alipay hands the money to the platform at once"),
}  # fmt: skip


@pytest.mark.parametrize("kind", HELD)
def test_whoever_pays_reads_what_this_provider_really_can_hold(client, settings, kind):
    name, can, words = HELD[kind]
    settings.PAYMENT_GATEWAYS = [name]
    with use(name, Described(**can)):
        order = stories.placed_order()
        found = how_held()
        assert found is not None
        assert found.kind == kind
        client.force_login(order.buyer)
        for url in (reverse("shop:payment", args=[order.payment_id]), reverse("shop:cart"), reverse("shop:home")):
            page = client.get(url, headers={"accept-language": "en"}).content.decode()
            if url == reverse("shop:cart") and words not in page:
                continue  # an empty cart has no box
            assert words in page, url
        stories.fill_cart(order.buyer, order.lines.get().variant)
        page = client.get(reverse("shop:checkout"), headers={"accept-language": "en"}).content.decode()
        assert words in page


def test_a_shelf_says_escrow_only_where_the_provider_lets_it(client, settings):
    stories.placed_order()
    home, english = reverse("shop:home"), {"accept-language": "en"}
    assert "Escrow" in client.get(home, headers=english).content.decode()
    settings.PAYMENT_GATEWAYS = ["stripe"]
    with use("stripe", Described(hold_days=90, splits=True, wording="protected payment")):
        page = client.get(home, headers=english).content.decode()
    assert "Protected payment" in page
    assert "Escrow" not in page


def test_a_merchant_enters_his_account_there_and_reads_what_becomes_of_his_money(client, settings):
    settings.PAYMENT_GATEWAYS = ["wechatpay"]
    with use("wechatpay", Described(hold_days=30, splits=True)):
        order = stories.placed_order()
        client.force_login(order.store.owner)
        english = {"accept-language": "en"}
        place = reverse("merchant:account")
        page = client.get(place, headers=english).content.decode()
        assert "None yet: what is released to you is paid out to your payout account, as ever." in page
        asked = client.post(place, {"part": "provider", "gateway": "wechatpay", "number": "nonsense"}, headers=english)
        assert asked.status_code == 422
        assert "8 to 10 digits" in asked.content.decode()
        sent = {"part": "provider", "gateway": "wechatpay", "number": "1900000109"}
        assert confirm_page(client, client.post(place, sent), to=order.store.owner.phone).status_code == 302
        row = PayoutAccount.objects.get(store_id=order.store_id)
        assert (row.gateway, row.last4) == ("wechatpay", "0109")
        page = client.get(reverse("merchant:money"), headers=english).content.decode()
        assert "WeChat Pay passes what is released on to your account there, ·0109." in page
        assert "You cannot be paid yet" not in page
        drop = {"part": "provider", "gateway": "wechatpay", "act": "drop"}
        assert client.post(place, drop).status_code in (403, 429), "it asks who is there"
        assert PayoutAccount.objects.filter(is_active=True).exists()
        prove_me(client, Act("payout_account", target=digest_of(order.store_id, "wechatpay", "drop")))
        assert client.post(place, drop).status_code == 302
        assert not PayoutAccount.objects.filter(is_active=True).exists()


def test_where_nothing_is_passed_on_no_account_is_asked_for(client):
    order = stories.placed_order()
    client.force_login(order.store.owner)
    place = reverse("merchant:account")
    page = client.get(place, headers={"accept-language": "en"}).content.decode()
    assert 'id="provider-' not in page
    client.post(place, {"part": "provider", "gateway": "sandbox", "number": "1900000109"})
    assert not PayoutAccount.objects.exists()
