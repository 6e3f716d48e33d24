"""A payer's bank takes money back: from where it lies, once, and exactly back when the dispute is won."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core import clock
from core.actor import SYSTEM
from core.errors import IllegalTransition
from escrow.errors import ChargebackOpen
from escrow.gateways import use
from escrow.ledger import Entry, account, balance, post
from escrow.models import Chargeback, Hold, Recovery, Transfer, TransferKind
from escrow.queries import books, chargebacks, merchant_lines, order_lines
from escrow.records import receipts
from escrow.services import holds, late_refunds, payouts, refunds, steps
from tests.escrow.disputes import about, close, dispute
from tests.factories.escrow import OrderFactory, ScriptedGateway, held, payout_account
from tests.factories.shop import StoreFactory

pytestmark = [pytest.mark.django_db, pytest.mark.money]
BALANCES = ("escrow:CNY", "fees:CNY", "provider:sandbox:CNY", "losses:CNY", "refund_in_flight:sandbox:CNY")


def agree() -> None:
    assert books().discrepancies == []


def fresh(hold: Hold) -> Hold:
    return Hold.objects.select_related("merchant", "order", "payment").get(pk=hold.pk)


def state(hold: Hold) -> dict[str, int]:
    """What every account has, the merchant's and his debt included."""
    keys = (*BALANCES, hold.merchant.key, f"receivable:{hold.store_id}:CNY")
    return {key.split(":")[0]: balance(account(key)) for key in keys}


def act(verb, hold, **more):
    return verb(order_id=hold.order_id, actor=SYSTEM, reason="test", now=clock.now(), **more)


def released(minor: int = 10_000, **more) -> Hold:
    hold = held(minor, **more)
    act(holds.release, hold)
    return fresh(hold)


def test_held_money_is_taken_out_of_escrow_and_stands_frozen():
    hold = held(10_000)
    dispute(hold, 10_000)
    hold = fresh(hold)
    assert (hold.status, hold.refunded_minor, hold.rest.minor) == ("frozen", 10_000, 0)
    assert state(hold) == dict.fromkeys(state(hold), 0)
    assert Chargeback.objects.get().taken_minor == {"escrow": 10_000}
    agree()


@pytest.mark.parametrize("frozen", [False, True])
def test_won_puts_held_money_back(frozen):
    hold = held(10_000)
    if frozen:
        act(holds.freeze, hold)
    before = state(hold)
    close(dispute(hold, 10_000), "won", stays_frozen=frozen)
    hold = fresh(hold)
    assert (hold.status, hold.rest.minor) == ("frozen" if frozen else "held", 10_000)
    assert state(hold) == before
    agree()


def test_lost_closes_the_hold():
    hold = held(10_000)
    close(dispute(hold, 10_000), "lost")
    assert (fresh(hold).status, fresh(hold).closed_at is None) == ("refunded", False)
    agree()


def test_of_a_part_the_rest_is_held_on_when_it_is_lost():
    hold = held(10_000)
    close(dispute(hold, 4_000), "lost")
    assert (fresh(hold).status, fresh(hold).rest.minor) == ("held", 6_000)
    act(holds.release, hold)
    assert (fresh(hold).status, fresh(hold).released_minor) == ("split", 6_000)
    agree()


def test_while_it_is_open_nothing_of_the_hold_moves():
    hold = held(10_000)
    dispute(hold, 4_000)
    for verb, more in (
        (holds.release, {}), (holds.refund, {}), (holds.split, {"refund_minor": 1}), (holds.thaw, {}),
        (holds.freeze, {}), (steps.refund_part, {"amount_minor": 1}), (steps.release_part, {"amount_minor": 1}),
        (late_refunds.refund_released, {"amount_minor": 1}),
    ):  # fmt: skip
        with pytest.raises(ChargebackOpen):
            act(verb, hold, **more)
    now = clock.now()
    assert not holds.release_many(order_ids=[hold.order_id], now=now, warned_before=now)
    agree()


def test_released_money_is_taken_from_the_merchant_with_his_fee_back():
    hold = released()
    dispute(hold, 4_000)
    assert state(hold) | {"escrow": 0} == {
        "escrow": 0, "fees": 300, "provider": -6_000, "losses": 0, "refund_in_flight": 0, "merchant": 5_700,
        "receivable": 0,
    }  # fmt: skip
    assert fresh(hold).status == "released"
    agree()


def test_won_gives_the_merchant_back_exactly_what_was_taken():
    hold = released()
    before = state(hold)
    close(dispute(hold, 4_321), "won")
    assert state(hold) == before
    assert (fresh(hold).returned_minor, fresh(hold).fee_back_minor) == (0, 0)
    agree()


def test_what_the_merchant_lacks_is_advanced_and_a_win_repays_it():
    hold = released()
    payout_account(hold.store_id)
    payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    before = state(hold)
    rows = dispute(hold, 10_000)
    assert Chargeback.objects.get().taken_minor == {"merchant": 500, "receivable": 9_500}
    assert (state(hold)["merchant"], state(hold)["receivable"]) == (0, -9_500)
    agree()
    close(rows, "won")
    assert state(hold) == before
    agree()


def test_a_debt_that_was_netted_meanwhile_is_the_merchants_when_it_is_won():
    hold = released()
    payout_account(hold.store_id)
    payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    rows = dispute(hold, 10_000)
    second = held(order=OrderFactory(store=hold.order.store, items_minor=4_000, fee_bps=0))
    act(holds.release, second)
    row = Recovery.objects.create(store_id=hold.store_id, amount_minor=4_000, currency="CNY", at=clock.now())
    debt = account(f"receivable:{hold.store_id}:CNY")
    post([Entry(TransferKind.RECOVERED, row.pk, hold.merchant, debt, 4_000)], now=clock.now())
    agree()
    close(rows, "won")
    assert (state(hold)["merchant"], state(hold)["receivable"]) == (4_000, 0)
    assert Chargeback.objects.get().taken_minor["repaid"] == 5_500
    agree()


def test_what_went_back_before_is_the_platforms_loss_until_it_is_won():
    """MONEY.md §6, bug 12: refund and chargeback take it twice; the platform loses exactly one amount."""
    hold = held(10_000)
    act(holds.refund, hold)
    rows = dispute(hold, 10_000)
    assert state(hold)["losses"] == -10_000
    assert state(hold)["merchant"] == 0
    agree()
    close(rows, "won")
    assert state(hold)["losses"] == 0
    agree()


def test_a_refund_on_its_way_waits_for_the_bank():
    hold = held(10_000)
    back = act(holds.refund, hold)
    rows = dispute(hold, 10_000)
    bank = ScriptedGateway()
    with use("sandbox", bank):
        refunds.send_refund(refund_id=back.pk, now=clock.now())
        assert bank.calls == []
        close(rows, "won")
        refunds.send_refund(refund_id=back.pk, now=clock.now())
    assert bank.moved == 10_000
    agree()


def test_one_of_several_orders_is_split_by_what_each_has():
    """Three orders under one payment: one held, one released, one refunded long ago."""
    first = held(10_000)
    now = clock.now()
    from escrow.models import Payment, Receipt

    Payment.objects.filter(pk=first.payment_id).update(amount_minor=20_000)
    Receipt.objects.filter(payment_id=first.payment_id).update(amount_minor=20_000)
    made = [first]
    for minor in (7_001, 2_999):
        order = OrderFactory(items_minor=minor, buyer=first.order.buyer, store=StoreFactory())
        made.append(
            holds.open_hold(
                order_id=order.pk, payment_id=first.payment_id, store_id=order.store_id, amount=order.total,
                fee_bps=500, actor=SYSTEM, now=now,
            )
        )  # fmt: skip
    act(holds.release, made[1])
    act(holds.refund, made[2])
    rows = dispute(first, 8_500)
    parts = {row.hold_id: row.taken_minor for row in rows}
    assert parts[first.pk] == {"escrow": 5_000}  # 8,500 × 10,000 / 17,001 = 4,999.7
    assert parts[made[1].pk] == {"merchant": 3_500}
    assert made[2].pk not in parts
    assert fresh(made[2]).status == "refunded"
    agree()
    close(rows, "lost")
    agree()
    dispute(first, 20_000)
    assert balance(account("losses:CNY")) == -(20_000 - 8_501)
    agree()


def test_a_dispute_is_booked_once_and_closed_once():
    from django.db import transaction

    from escrow.services import chargebacks as service

    hold = released()
    one = about(hold.payment, 1_000, ref="DP1")
    with transaction.atomic():
        rows = service.open_chargeback(payment=hold.payment, dispute=one, now=clock.now())
        assert service.open_chargeback(payment=hold.payment, dispute=one, now=clock.now()) == []
    close(rows, "lost")
    for status in ("won", "lost"):
        with pytest.raises(IllegalTransition):
            close(rows, status)
    assert Transfer.objects.filter(kind=TransferKind.CHARGEBACK).count() == 1
    agree()


def test_after_it_is_lost_what_was_taken_is_not_given_back_again():
    from escrow.errors import MoreThanReleased

    hold = released()
    close(dispute(hold, 9_000), "lost")
    with pytest.raises(MoreThanReleased):
        act(late_refunds.refund_released, hold, amount_minor=1_001)
    act(late_refunds.refund_released, hold, amount_minor=1_000)
    assert state(hold)["fees"] == 0
    agree()


@pytest.mark.parametrize("status", ["open", "won", "lost"])
def test_it_stands_in_every_running_account(status):
    hold = released()
    rows = dispute(hold, 4_000)
    if status != "open":
        close(rows, status)
    lines = list(merchant_lines(hold.store_id, kind="chargeback"))
    assert -4_000 in [line.amount.minor for line in lines]
    assert all(line.label and line.order_number == hold.order.number for line in merchant_lines(hold.store_id))
    assert merchant_lines(hold.store_id)[0].balance.minor == balance(hold.merchant)
    order = order_lines(hold.order_id)
    assert order[-1].balance.minor == 0
    assert sum(1 for line in order if line.kind == "chargeback") == (4 if status == "won" else 2)
    for row in receipts.transfers_of(hold.order_id):
        assert receipts.order_of(row) == hold.order_id


def test_staff_see_open_ones_first():
    old = released()
    close(dispute(old, 100), "lost")
    Chargeback.objects.update(opened_at=clock.now() + timedelta(days=1))
    row = dispute(released(), 100)[0]
    assert chargebacks()[0] == row


def test_a_chargeback_without_its_transfers_is_noticed():
    dispute(released(), 100)
    Chargeback.objects.update(amount_minor=99)
    found = books().discrepancies
    assert any("chargeback without exactly its transfers" in line for line in found)
    assert any("provider:sandbox:CNY" in line for line in found)
