"""What leaves of a balance: less what is owed, less the reserve that is agreed; and how it is agreed."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from core import clock
from core.actor import SYSTEM, Actor
from core.errors import Forbidden
from core.models import AuditEntry
from core.money import Money
from escrow import ledger
from escrow.errors import BadTerms, BelowCreditLine, NeedsReason
from escrow.ledger import Entry, account, balance
from escrow.models import Account, Hold, MerchantTerms, PayoutAccount, Recovery, TransferKind
from escrow.queries import books, debts, merchant_lines, outlook, reserve_of, terms_of
from escrow.services import holds, late_refunds, payouts
from escrow.services.terms import set_terms
from tests.factories.escrow import OrderFactory, held, payout_account

pytestmark = [pytest.mark.django_db, pytest.mark.money]
STAFF = Actor(user_id=uuid4(), is_mediator=True)


def released(minor: int = 10_000, *, like: Hold | None = None) -> Hold:
    """95 % of this on the balance of a new store, or of the same one."""
    hold = held(order=OrderFactory(items_minor=minor, **({"store": like.order.store} if like else {})))
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    return hold


def agree(hold: Hold, **changes: object) -> MerchantTerms:
    wanted = {"credit_line_minor": 0, "reserve_bps": 0, "reserve_days": 0, "reason": "agreed by letter", "actor": STAFF}
    return set_terms(**{"store_id": hold.store_id, "currency": "CNY", "now": clock.now(), **wanted, **changes})


def give_back(hold: Hold, minor: int) -> None:
    """Refund the buyer after the release: what the balance and the credit line do not cover is advanced, and owed."""
    late_refunds.refund_released(
        order_id=hold.order_id, amount_minor=minor, actor=SYSTEM, reason="broken", now=clock.now()
    )


def prepare(hold: Hold):
    return payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())


def test_without_terms_nothing_stays_back():
    hold = released()
    terms = terms_of(hold.store_id, "CNY")
    assert (terms.credit_line, terms.reserve_bps, terms.reserve_days) == (Money(0), 0, 0)
    assert not terms.has_reserve
    assert outlook(hold.store_id, clock.now()).amount == Money(9_500)


def test_the_newest_terms_count_and_each_set_is_on_the_record():
    hold = released()
    agree(hold, reserve_bps=1_000, reserve_days=30)
    agree(hold, reserve_bps=500, reserve_days=7, credit_line_minor=20_000)
    terms = terms_of(hold.store_id, "CNY")
    assert (terms.percent, terms.reserve_days, terms.credit_line) == ("5", 7, Money(20_000))
    assert terms_of(hold.store_id, "USD").reserve_bps == 0
    assert MerchantTerms.objects.count() == 2
    entry = AuditEntry.objects.filter(act="terms.set").order_by("pk").last()
    assert entry.user_id == STAFF.user_id
    assert entry.facts["floor_before"] == 0


def test_the_floor_moves_with_the_credit_line_and_never_above_the_balance():
    hold = released()
    payout_account(hold.store_id)
    prepare(hold)
    agree(hold, credit_line_minor=5_000)
    assert Account.objects.get(pk=hold.merchant_id).floor == -5_000
    give_back(hold, 4_000)  # of it 2.00 are the fee that he gets back
    assert balance(hold.merchant) == -3_800
    with pytest.raises(BelowCreditLine):
        agree(hold, credit_line_minor=3_799)
    assert terms_of(hold.store_id, "CNY").credit_line == Money(5_000)
    agree(hold, credit_line_minor=3_800)
    seen = outlook(hold.store_id, clock.now())
    assert (seen.balance, seen.amount, seen.is_negative) == (Money(-3_800), Money(0), True)
    assert seen.why
    assert prepare(hold) is None
    assert debts() == []
    give_back(hold, 1_000)
    assert balance(hold.merchant) == -3_800
    assert debts()[0].amount == Money(950)
    assert books().discrepancies == []


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"actor": Actor(user_id=uuid4())}, Forbidden),
        ({"reason": " "}, NeedsReason),
        ({"reserve_bps": 10_001}, BadTerms),
        ({"reserve_bps": -1}, BadTerms),
        ({"reserve_days": 366}, BadTerms),
        ({"credit_line_minor": -1}, BadTerms),
    ],
)
def test_terms_that_cannot_be_are_refused(change, refusal):
    hold = released()
    with pytest.raises(refusal):
        agree(hold, **change)
    assert not MerchantTerms.objects.exists()
    assert Account.objects.get(pk=hold.merchant_id).floor == 0


def test_the_reserve_stays_and_becomes_free_as_releases_grow_old(django_assert_num_queries):
    hold = released()
    payout_account(hold.store_id)
    agree(hold, reserve_bps=1_000, reserve_days=30)
    with django_assert_num_queries(2):  # the terms, and one for the sum
        reserve = reserve_of(hold.store_id, "CNY", clock.now())
    assert (reserve.released, reserve.amount) == (Money(9_500), Money(950))
    assert prepare(hold).amount_minor == 8_550
    assert balance(hold.merchant) == 950
    assert prepare(hold) is None
    assert outlook(hold.store_id, clock.now()).amount == Money(0)
    clock.advance_sandbox(timedelta(days=31))
    assert prepare(hold).amount_minor == 950
    assert books().discrepancies == []


def test_what_is_owed_is_netted_before_anything_is_paid():
    hold = released()
    payout_account(hold.store_id)
    prepare(hold)
    give_back(hold, 4_000)
    assert [(debt.store_id, debt.amount) for debt in debts()] == [(hold.store_id, Money(3_800))]
    assert prepare(hold) is None
    released(like=hold)
    seen = outlook(hold.store_id, clock.now())
    assert (seen.balance, seen.debt, seen.amount) == (Money(9_500), Money(3_800), Money(5_700))
    payout = prepare(hold)
    assert payout is not None
    assert payout.amount_minor == 5_700
    assert Recovery.objects.get().amount_minor == 3_800
    assert balance(account(f"receivable:{hold.store_id}:CNY")) == 0
    assert balance(hold.merchant) == 0
    assert debts() == []
    lines = merchant_lines(hold.store_id)[0:2]
    assert [line.amount.minor for line in lines] == [-5_700, -3_800]
    assert prepare(hold) is None
    assert Recovery.objects.count() == 1
    assert books().discrepancies == []


def test_a_debt_above_the_balance_takes_all_even_where_no_account_is_set():
    hold = released()
    payout_account(hold.store_id)
    prepare(hold)
    PayoutAccount.objects.update(is_active=False)
    give_back(hold, 10_000)
    released(4_000, like=hold)
    agree(hold, reserve_bps=1_000, reserve_days=30)  # what is reserved is reserved for just this
    assert str(outlook(hold.store_id, clock.now()).why)
    assert prepare(hold) is None
    assert balance(hold.merchant) == 0
    assert debts()[0].amount == Money(5_700)
    released(20_000, like=hold)
    clock.advance_sandbox(timedelta(seconds=1))
    payout_account(hold.store_id)
    payout = prepare(hold)
    assert payout is not None
    assert payout.amount_minor == 19_000 - 5_700 - 3_230
    assert [row.amount_minor for row in Recovery.objects.order_by("pk")] == [3_800, 5_700]
    assert books().discrepancies == []


def test_every_currency_of_a_store_is_paid_though_one_is_all_reserve():
    hold = released()
    payout_account(hold.store_id)
    agree(hold, reserve_bps=10_000, reserve_days=30)
    dollars, provider = ledger.accounts(f"merchant:{hold.store_id}:USD", "provider:sandbox:USD")
    ledger.post([Entry(TransferKind.ADJUST, 1, provider, dollars, 700)], now=clock.now())
    payout = prepare(hold)
    assert (payout.amount_minor, payout.currency) == (700, "USD")
    assert prepare(hold) is None
