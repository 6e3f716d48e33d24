"""Staff's pages of payouts, and what the merchant reads about the next one."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.services.step_up import digest_of, staff_money
from core import clock
from core.actor import SYSTEM, Actor
from escrow.gateways import use
from escrow.gateways.base import Refused
from escrow.ledger import balance
from escrow.models import Hold, MerchantTerms, Payout, PayoutStop
from escrow.queries import stop_in_force
from escrow.services import holds, late_refunds, payout_stop, payouts
from escrow.services.terms import set_terms
from shop.models import StoreMember
from shop.roles import Role
from tests.accounts.proofs import prove_me
from tests.disputes.rooms import client_of, mediator, stranger
from tests.factories.escrow import OrderFactory, ScriptedGateway, held, payout_account

pytestmark = [pytest.mark.django_db, pytest.mark.money]
PAGE = reverse("console:payouts")
STAFF = Actor(user_id=uuid4(), is_mediator=True)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def staff():
    _, client = mediator()
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def hold(settings) -> Hold:
    settings.PAYOUT_APPROVAL_MINOR = 9_000
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    return hold


def prepare(hold: Hold, actor: Actor = SYSTEM) -> Payout:
    payout = payouts.prepare_payout(store_id=hold.store_id, actor=actor, now=clock.now())
    assert payout is not None
    return payout


def act(name: str, *args: object) -> str:
    return reverse(f"console:{name}", args=args)


def agree(hold: Hold, **changes: object) -> None:
    terms = {"credit_line_minor": 0, "reserve_bps": 1_000, "reserve_days": 30, "reason": "new", **changes}
    set_terms(store_id=hold.store_id, currency="CNY", actor=STAFF, now=clock.now(), **terms)


def give_back(hold: Hold, minor: int) -> None:
    """Refund the buyer after the release."""
    late_refunds.refund_released(
        order_id=hold.order_id, amount_minor=minor, actor=SYSTEM, reason="broken", now=clock.now()
    )


def test_the_pages_exist_for_staff_alone(hold):
    payout = prepare(hold)
    acts = [act("payout-approve", payout.pk), act("payout-refuse", payout.pk), act("payouts-stop"), act("payouts-lift")]
    for client in (stranger(), client_of(hold.order.store.owner)):
        for url in (PAGE, act("payout-store", hold.store_id)):
            assert client.get(url).status_code == 404
        for url in [*acts, act("payout-store", hold.store_id)]:
            assert client.post(url, {"reason": "mine"}).status_code == 404
    payout.refresh_from_db()
    assert payout.status == "approval"
    assert not PayoutStop.objects.exists()
    assert not MerchantTerms.objects.exists()


def test_an_empty_page_and_nonsense_are_no_error(staff):
    assert staff.get(PAGE, {"view": "moon", "page": "-1"}).status_code == 200
    assert staff.get(act("payout-store", uuid4())).status_code == 404
    assert staff.post(act("payout-approve", 1)).status_code == 404
    assert staff.post(act("payouts-lift")).status_code == 403, "it asks who is there"
    prove_me(staff, staff_money("lift"))
    assert staff.post(act("payouts-lift")).status_code == 409
    assert f'href="{PAGE}"' in staff.get(reverse("console:home")).content.decode(), "it is in the navigation"


def test_a_payout_is_approved_on_the_page(staff, hold):
    payout = prepare(hold)
    text = staff.get(PAGE).content.decode()
    assert "Approve ¥95.00" in text
    assert "the daily run" in text
    assert staff.post(act("payout-approve", payout.pk)).status_code == 403, "it asks who is there"
    payout.refresh_from_db()
    assert payout.status == "approval"
    prove_me(staff, staff_money("payout.refuse", payout.pk, payout.amount))
    assert staff.post(act("payout-approve", payout.pk)).status_code in (403, 429), "it is another act"
    prove_me(staff, staff_money("payout.approve", payout.pk, payout.amount))
    assert staff.post(act("payout-approve", payout.pk)).status_code == 302
    payout.refresh_from_db()
    assert payout.status == "prepared"
    assert staff.post(act("payout-approve", payout.pk)).status_code == 409
    assert "Approve ¥95.00" not in staff.get(PAGE).content.decode()


def test_the_merchant_as_staff_does_not_approve_his_own(hold):
    owner = hold.order.store.owner
    owner.is_mediator = True
    owner.save()
    payout = prepare(hold)
    assert client_of(owner).post(act("payout-approve", payout.pk)).status_code == 403
    payout.refresh_from_db()
    assert payout.status == "approval"


def test_a_refusal_needs_its_reason(staff, hold):
    payout = prepare(hold)
    for reason in ("", "  ", "\x00"):
        assert staff.post(act("payout-refuse", payout.pk), {"reason": reason}).status_code == 400
    assert balance(hold.merchant) == 0
    prove_me(staff, staff_money("payout.refuse", payout.pk, payout.amount))
    assert staff.post(act("payout-refuse", payout.pk), {"reason": "Wrong name" + "x" * 500}).status_code == 302
    assert balance(hold.merchant) == 9_500
    assert "Wrong name" in staff.get(PAGE, {"view": "failed"}).content.decode()


@pytest.mark.parametrize("view", ["prepared", "sent", "failed", "returned", "paid"])
def test_each_state_has_its_list(staff, hold, view):
    payout = prepare(hold)
    Payout.objects.filter(pk=payout.pk).update(status=view, failure="bank says no", returned_at=clock.now())
    text = staff.get(PAGE, {"view": view}).content.decode()
    assert f"P{payout.pk}<" in text
    assert "bank says no" in text


def test_the_switch_is_thrown_seen_and_lifted(staff, hold):
    assert staff.post(act("payouts-stop"), {"reason": ""}).status_code == 400
    assert staff.post(act("payouts-stop"), {"reason": "Bank asks us to wait"}).status_code == 302
    for url in (PAGE, reverse("console:health")):
        text = staff.get(url).content.decode()
        assert "Bank asks us to wait" in text
        assert "Payouts are stopped" in text
    prove_me(staff, staff_money("lift"))
    assert staff.post(act("payouts-lift")).status_code == 302
    assert stop_in_force() is None
    assert "Bank asks us to wait" not in staff.get(PAGE).content.decode()


def test_what_the_alarm_has_thrown_says_what_lifts_it(staff, hold):
    payout_stop.stop_payouts(reason="The books do not agree: fees", actor=SYSTEM, now=clock.now())
    text = staff.get(PAGE).content.decode()
    assert "only when a new count agrees" in text
    prove_me(staff, staff_money("lift"))
    assert staff.post(act("payouts-lift")).status_code == 302, "they do agree"


def test_debts_and_terms_are_listed_with_their_stores(staff, hold):
    agree(hold, credit_line_minor=5_000)
    prepare(hold)
    give_back(hold, 10_000)  # 95.00 without the fee; 9.50 are there, and 50.00 may be missing
    text = staff.get(PAGE).content.decode()
    assert "¥35.50" in text
    assert "credit line ¥50.00, reserve 10 % of 30 days" in text
    assert act("payout-store", hold.store_id) in text


def test_terms_are_set_on_the_stores_page(staff, hold):
    url = act("payout-store", hold.store_id)
    good = {"credit_line": "200", "reserve": "7.5", "reserve_days": "14", "reason": "Agreed on 3 May."}
    assert staff.post(url, good).status_code == 403, "it asks who is there"
    prove_me(staff, staff_money("terms", digest_of(hold.store_id, 20_000, 750, 14, "Agreed on 3 May.")))
    assert staff.post(url, good).status_code == 302
    row = MerchantTerms.objects.get()
    assert (row.credit_line_minor, row.reserve_bps, row.reserve_days) == (20_000, 750, 14)
    text = staff.get(url).content.decode()
    assert "Agreed on 3 May." in text
    assert 'value="7.5"' in text
    for bad in ({"reserve": "101"}, {"reserve_days": "366"}, {"reserve_days": "-1"}, {"credit_line": "-1"},
                {"credit_line": "1e9"}, {"reason": ""}, {"reserve": ""}):  # fmt: skip
        assert staff.post(url, good | bad).status_code == 422
    assert MerchantTerms.objects.count() == 1


def test_nobody_agrees_on_the_terms_of_a_store_he_works_in(hold):
    """Red before: a mediator who works in a store gave it a credit line, or took its reserve away, by himself."""
    person, client = mediator()
    StoreMember.objects.create(store=hold.order.store, user=person, role=Role.FINANCE, joined_at=clock.now())
    client.cookies["django_language"] = "en"
    wanted = {"credit_line": "200", "reserve": "0", "reserve_days": "0", "reason": "mine"}
    answer = client.post(act("payout-store", hold.store_id), wanted)
    assert answer.status_code == 422
    assert "somebody else decides" in answer.content.decode()
    assert not MerchantTerms.objects.exists()


def test_a_credit_line_below_the_balance_is_refused_on_the_page(staff, hold):
    agree(hold, credit_line_minor=5_000, reserve_bps=0)
    prepare(hold)
    give_back(hold, 4_000)
    data = {"credit_line": "37.99", "reserve": "0", "reserve_days": "0", "reason": "less"}
    answer = staff.post(act("payout-store", hold.store_id), data)
    assert answer.status_code == 422
    assert "already lower" in answer.content.decode()


# --- the merchant -----------------------------------------------------------------------------------------------------


def merchant_page(hold: Hold) -> str:
    client = client_of(hold.order.store.owner)
    client.cookies["django_language"] = "en"
    text: str = client.get(reverse("merchant:money")).content.decode()
    return text


def test_the_merchant_reads_the_formula_with_its_numbers(hold):
    assert "nothing stays back" in merchant_page(hold)
    prepare(hold)
    give_back(hold, 2_000)
    second = held(order=OrderFactory(items_minor=10_000, store=hold.order.store))
    holds.release(order_id=second.order_id, actor=SYSTEM, reason="received", now=clock.now())
    agree(hold)
    text = merchant_page(hold)
    assert "10 % of the ¥190.00 that were released to you in the last 30 days are ¥19.00" in text
    assert "You owe ¥19.00" in text
    assert "¥57.00 leaves for your bank" in text  # 95.00 − 19.00 owed − 19.00 reserved


def test_a_negative_balance_is_explained(hold):
    agree(hold, credit_line_minor=5_000, reserve_bps=0)
    prepare(hold)
    give_back(hold, 4_000)
    text = merchant_page(hold)
    assert "Your balance is -¥38.00" in text
    assert "It may fall to ¥50.00 below zero" in text
    assert "so nothing is paid out" in text


def test_while_payouts_are_stopped_he_reads_that_they_wait(hold):
    payout_stop.stop_payouts(reason="internal words", actor=STAFF, now=clock.now())
    text = merchant_page(hold)
    assert "Payouts wait at the moment" in text
    assert "internal words" not in text


def test_a_payout_that_failed_shows_its_reason(hold, settings):
    settings.PAYOUT_APPROVAL_MINOR = 10_000
    payout = prepare(hold)
    with use("sandbox", ScriptedGateway(Refused("account closed"))):
        payouts.send_payout(payout_id=payout.pk, now=clock.now())
    assert "account closed" in merchant_page(hold)


def test_nobody_signed_in_is_sent_to_sign_in(client):
    assert client.get(PAGE).status_code == 302
