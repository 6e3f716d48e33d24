"""After the release: the merchant gives back, gets his fee back, and owes what he does not have."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.services.step_up import Act
from core import clock
from core.actor import SYSTEM
from core.errors import NotFound
from core.money import share
from escrow.errors import ChargebackOpen, HoldMoved, MoreThanReleased
from escrow.gateways import use
from escrow.gateways.base import Refused
from escrow.ledger import account, balance
from escrow.models import Account, Hold, Refund, Transfer, TransferKind
from escrow.queries import books, buyer_lines, merchant_lines, order_lines
from escrow.records import receipts
from escrow.services import holds, late_refunds, payouts, refunds, steps
from flows import late_refunds as flow
from flows.errors import AfterSaleOver, NotReleasedYet
from shop.models import Order
from tests.accounts.proofs import prove_me
from tests.escrow.disputes import dispute
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.escrow import ScriptedGateway, held, payout_account
from tests.stories import actor_of, buyer_of, delivered_order, merchant_of, paid_order, settle, wait

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture
def released() -> Hold:
    """¥100.00 released at 5 %: ¥95.00 with the merchant, ¥5.00 with us."""
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    hold.refresh_from_db()
    return hold


def give(hold: Hold, minor: int) -> Refund:
    done = late_refunds.refund_released(
        order_id=hold.order_id, amount_minor=minor, actor=SYSTEM, reason="late", now=clock.now()
    )
    hold.refresh_from_db()
    return done


def owed(hold: Hold) -> int:
    return -balance(account(f"receivable:{hold.store_id}:CNY"))


def agree() -> None:
    assert books().discrepancies == []


def pay_all_out(hold: Hold) -> None:
    payout_account(hold.store_id)
    payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())


def test_a_part_goes_back_with_its_fee(released):
    refund = give(released, 4_000)
    assert (refund.amount_minor, refund.fee_back_minor, refund.from_merchant) == (4_000, 200, True)
    assert balance(released.merchant) == 9_500 - 4_000 + 200
    assert balance(account("fees:CNY")) == 300
    assert balance(account("refund_in_flight:sandbox:CNY")) == 4_000
    assert (released.returned_minor, released.fee_back_minor, owed(released)) == (4_000, 200, 0)
    assert released.status == "released"
    agree()


def test_all_of_it_in_odd_parts_gives_all_of_the_fee_back(released):
    for minor in (1, 3_333, 6_666):
        give(released, minor)
        assert released.fee_back_minor == 500 - share(10_000 - released.returned_minor, 500)
        agree()
    assert (released.returned_minor, released.fee_back_minor) == (10_000, 500)
    assert balance(released.merchant) == 0
    with pytest.raises(MoreThanReleased):
        give(released, 1)


@pytest.mark.parametrize("minor", [-1, 0, 10_001])
def test_nothing_and_more_than_was_released_are_refused(released, minor):
    with pytest.raises(MoreThanReleased):
        give(released, minor)
    agree()


def test_what_the_balance_lacks_is_advanced_and_owed(released):
    pay_all_out(released)
    give(released, 4_000)
    assert (balance(released.merchant), owed(released)) == (0, 3_800)
    assert Transfer.objects.get(kind=TransferKind.CREDIT_REFUND).amount == 3_800
    agree()


def test_a_credit_line_is_used_before_anything_is_advanced(released):
    pay_all_out(released)
    Account.objects.filter(pk=released.merchant_id).update(floor=-1_000)
    give(released, 4_000)
    assert (balance(released.merchant), owed(released)) == (-1_000, 2_800)
    agree()


def test_a_hold_released_in_part_gives_back_of_that_part_alone():
    hold = held(10_000)
    steps.release_part(order_id=hold.order_id, amount_minor=1_000, actor=SYSTEM, reason="part", now=clock.now())
    with pytest.raises(MoreThanReleased):
        give(hold, 1_001)
    give(hold, 1_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="rest", now=clock.now())
    agree()


def test_a_late_refund_is_sent_like_any_other_and_fails_like_any_other(released):
    refund = give(released, 4_000)
    with use("sandbox", ScriptedGateway(Refused("account closed"))):
        refunds.send_refund(refund_id=refund.pk, now=clock.now())
        refund.refresh_from_db()
        assert refund.status == "failed"
        agree()
        refunds.retry_refund(refund_id=refund.pk, actor=SYSTEM, now=clock.now())
        refunds.send_refund(refund_id=refund.pk, now=clock.now())
    refund.refresh_from_db()
    assert refund.status == "done"
    assert balance(account("provider:sandbox:CNY")) == -6_000
    agree()


def test_while_a_dispute_is_open_nothing_is_given_back(released):
    dispute(released, 4_000)
    with pytest.raises(ChargebackOpen):
        give(released, 1)
    agree()


def test_what_moved_meanwhile_is_refused(released, monkeypatch):
    """Seen red without the numbers in the WHERE of ``late_refunds._take_back``: the CHECK then refused."""
    first = late_refunds.moves.fee_back

    def in_between(hold, *, returned_minor):
        Hold.objects.filter(pk=hold.pk).update(returned_minor=1)
        return first(hold, returned_minor=returned_minor)

    monkeypatch.setattr(late_refunds.moves, "fee_back", in_between)
    with pytest.raises(HoldMoved):
        give(released, 10_000)
    Hold.objects.filter(pk=released.pk).update(returned_minor=0)
    agree()


def test_it_stands_in_every_running_account(released):
    pay_all_out(released)
    give(released, 4_000)
    mine = [(line.kind, line.amount.minor, line.balance.minor) for line in merchant_lines(released.store_id)]
    assert mine == [
        ("refund", -4_000, 0), ("refund", 3_800, 4_000), ("refund", 200, 200), ("payout", -9_500, 0),
        ("release", 9_500, 9_500),
    ]  # fmt: skip
    assert all(line.label and line.order_number for line in merchant_lines(released.store_id, kind="refund"))
    assert len(merchant_lines(released.store_id, order_number=released.order.number)) == 4
    order = [(line.amount.minor, line.balance.minor) for line in order_lines(released.order_id)]
    assert order == [(10_000, 10_000), (-10_000, 0), (4_000, 4_000), (-4_000, 0)]
    buyer = buyer_lines(released.order.buyer_id, kind="refund")
    assert sorted(line.amount.minor for line in buyer) == [-4_000, 4_000]
    kinds = {row.kind for row in receipts.transfers_of(released.order_id)}
    assert {TransferKind.LATE_REFUND, TransferKind.FEE_BACK, TransferKind.CREDIT_REFUND} <= kinds
    for row in receipts.transfers_of(released.order_id):
        assert receipts.order_of(row) == released.order_id


# --- who may, and through which door ----------------------------------------------------------------------------------


@pytest.fixture
def completed() -> Order:
    from flows.release import confirm_receipt

    order = delivered_order()
    confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    order.refresh_from_db()
    settle()
    return order


def flow_give(order, actor, minor=500):
    return flow.give_back(order_id=order.pk, amount_minor=minor, reason="", actor=actor, now=clock.now())


def test_the_merchant_may_and_the_buyer_is_told(completed):
    flow_give(completed, merchant_of(completed))
    settle()
    assert "¥5.00" in completed.buyer.notices.get(kind="escrow.given_back").subject
    assert Refund.objects.get().status == "done"
    wait(days=40)
    flow_give(completed, merchant_of(completed))
    agree()


def test_a_mediator_may_while_the_after_sale_time_runs(completed):
    mediator = actor_of(MediatorFactory())
    flow_give(completed, mediator)
    wait(days=8)
    with pytest.raises(AfterSaleOver):
        flow_give(completed, mediator)
    agree()


def test_nobody_else_may(completed):
    for actor in (buyer_of(completed), actor_of(UserFactory())):
        with pytest.raises(NotFound):
            flow_give(completed, actor)


def test_not_before_the_release():
    order = paid_order()
    with pytest.raises(NotReleasedYet):
        flow_give(order, merchant_of(order))


def test_the_page_asks_twice_and_says_what_it_means(client, completed):
    client.cookies["django_language"] = "en"
    client.force_login(completed.store.owner)
    url = reverse("merchant:order-refund", args=[completed.number])
    assert url in client.get(reverse("merchant:order", args=[completed.number])).content.decode()
    first = client.post(url, {"amount": "5.00", "reason": "scratch"})
    assert first.status_code == 200
    assert "Give ¥5.00 back" in first.content.decode()
    assert not Refund.objects.exists()
    assert client.post(url, {"amount": "9999", "reason": ""}).status_code == 422
    assert client.post(url, {"amount": "x", "reason": ""}).status_code == 422
    sure = {"amount": "5.00", "reason": "scratch", "sure": "1"}
    assert client.post(url, sure).status_code == 403 and not Refund.objects.exists(), "it asks who is there"
    prove_me(client, Act("payout", 501, "CNY", str(completed.pk)))
    assert client.post(url, sure).status_code in (403, 429), "a proof for another amount is none"
    prove_me(client, Act("payout", 500, "CNY", str(completed.pk)))
    done = client.post(url, {"amount": "5.00", "reason": "scratch", "sure": "1"}, follow=True)
    assert "¥5.00 is on its way back" in done.content.decode()
    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.reason) == (500, "scratch")
    stranger = UserFactory()
    client.force_login(stranger)
    assert client.get(url).status_code == 404


def test_the_api_does_it_once(completed):
    from tests.api.people import ask, cny, proven, system_of

    shop, path = system_of(completed.store), f"/merchant/orders/{completed.number}/refunds/"
    proof = proven(completed.store.owner, Act("payout", 500, "CNY", str(completed.pk)))
    first = ask(shop, "post", path, {"amount": cny(500)}, idempotency_key="b1", step_up_proof=proof)
    again = ask(shop, "post", path, {"amount": cny(500)}, idempotency_key="b1")
    assert first.status == again.status == 201
    assert first.data == again.data
    assert first.data["fee_back"] == cny(25)
    assert Refund.objects.count() == 1
    wrong = ask(shop, "post", path, {"amount": {"minor": 1, "currency": "USD"}})
    assert wrong.status == 400
    assert ask(shop, "post", path, {"amount": cny(10**9)}).data["code"] == "more_than_released"
