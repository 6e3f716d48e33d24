"""A buyer's account over all orders: a page costs the same however long it is, and says what adding up says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core import clock
from core.actor import SYSTEM
from core.money import Money
from escrow.models import Hold, Receipt, Transfer, TransferKind
from escrow.queries import MoneyLine, buyer_lines, lines
from escrow.services import holds, late_refunds, payments, steps
from escrow.states import ReceiptOutcome
from tests.escrow.disputes import close, dispute
from tests.factories.accounts import UserFactory
from tests.factories.escrow import OrderFactory, held, movement

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture
def buyer() -> User:
    return UserFactory()


def hold_of(buyer: User, minor: int = 10_000) -> Hold:
    return held(order=OrderFactory(buyer=buyer, items_minor=minor))


def release(hold: Hold) -> Hold:
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    hold.refresh_from_db()
    return hold


def eventful(buyer: User) -> None:
    """Everything that can happen to money: released, refunded, split, in steps, late, taken by banks, parked."""
    hold_of(buyer)
    release(hold_of(buyer, 9_000))
    holds.refund(order_id=hold_of(buyer, 8_000).order_id, actor=SYSTEM, reason="no", now=clock.now())
    split = hold_of(buyer, 7_001)
    holds.split(order_id=split.order_id, refund_minor=3_333, actor=SYSTEM, reason="ruling", now=clock.now())
    late_refunds.refund_released(
        order_id=release(hold_of(buyer, 6_000)).order_id, amount_minor=2_000, actor=SYSTEM, reason="late",
        now=clock.now(),
    )  # fmt: skip
    for minor, status in ((5_000, "lost"), (4_000, "won")):
        close(dispute(hold_of(buyer, minor), minor), status)
        close(dispute(release(hold_of(buyer, minor + 500)), minor + 500), status)
    parked = hold_of(buyer, 300)
    for minor in (77, 88):
        receipt = payments.park(
            payment=parked.payment, gateway="sandbox", movement=movement(minor), reason="twice", now=clock.now()
        )
    payments.return_receipt(receipt_id=receipt.pk, actor=SYSTEM, reason="twice", now=clock.now())


def added_up(buyer: User) -> list[MoneyLine]:
    """The same account, all of it read and added up line by line."""
    found = lines._escrow_lines(list(Hold.objects.filter(payment__buyer_id=buyer.pk)))
    unfit = Receipt.objects.filter(payment__buyer_id=buyer.pk).exclude(outcome=ReceiptOutcome.APPLIED)
    found += lines._lines_of_unfit({row.pk: row for row in unfit})
    return lines._with_balance(sorted(found, key=lambda line: line.at))[::-1]


def test_it_says_what_adding_all_up_says(buyer):
    eventful(buyer)
    eventful(UserFactory())
    wanted, found = added_up(buyer), list(buyer_lines(buyer.pk))
    assert [repr(line) for line in found] == [repr(line) for line in wanted]
    assert len(found) > 25
    assert {line.kind for line in found} == {"capture", "release", "refund", "chargeback"}


def test_pages_put_together_are_the_whole(buyer, monkeypatch):
    eventful(buyer)
    account = buyer_lines(buyer.pk)
    whole = list(account)
    cut = [line for at in range(0, len(account), 4) for line in account[at : at + 4]]
    assert [repr(line) for line in cut] == [repr(line) for line in whole]
    monkeypatch.setattr("escrow.queries.buyer_account.AT_ONCE", 3)
    assert [repr(line) for line in account] == [repr(line) for line in whole]
    assert repr(account[-1]) == repr(whole[-1])


@pytest.mark.parametrize(
    "filters",
    [{"kind": "release"}, {"kind": "refund"}, {"kind": "chargeback"}, {"min_minor": 5_000}, {"max_minor": 88},
     {"min_minor": 3_668, "max_minor": 3_668}, {"kind": "nothing"}],
)  # fmt: skip
def test_filters_leave_out_lines_and_change_no_balance(buyer, filters):
    eventful(buyer)
    low, high = filters.get("min_minor", 0), filters.get("max_minor", 10**9)
    wanted = [
        repr(line)
        for line in added_up(buyer)
        if line.kind == filters.get("kind", line.kind) and low <= abs(line.amount.minor) <= high
    ]
    assert [repr(line) for line in buyer_lines(buyer.pk, **filters)] == wanted


def test_days_and_numbers_are_filters_too(buyer):
    eventful(buyer)
    order = Hold.objects.filter(payment__buyer_id=buyer.pk).earliest("pk").order
    assert [line.order_number for line in buyer_lines(buyer.pk, order_number=f" {order.number} ")] == [order.number]
    today = clock.now().date()
    far = timedelta(days=3)
    everything = len(list(buyer_lines(buyer.pk)))
    assert len(list(buyer_lines(buyer.pk, since=today - far, until=today + far))) == everything
    assert list(buyer_lines(buyer.pk, since=today + far)) == list(buyer_lines(buyer.pk, until=today - far)) == []


def test_a_step_whose_fee_takes_all_of_it_is_a_line(buyer):
    """Then there is no net transfer beside the fee."""
    hold = hold_of(buyer, 1_000)
    for minor in (1, 9, 990):
        steps.release_part(order_id=hold.order_id, amount_minor=minor, actor=SYSTEM, reason="part", now=clock.now())
    assert [line.amount.minor for line in buyer_lines(buyer.pk, kind="release")] == [-990, -9, -1]
    assert [repr(line) for line in buyer_lines(buyer.pk)] == [repr(line) for line in added_up(buyer)]
    assert Transfer.objects.filter(kind=TransferKind.RELEASE_FEE).exists()


def test_a_page_asks_the_same_number_of_times_however_long_the_account_is(buyer):
    counts = []
    for more in (1, 6):
        for _ in range(more):
            release(hold_of(buyer))
        with CaptureQueriesContext(connection) as seen:
            account = buyer_lines(buyer.pk)
            assert len(account[:2]) == 2
            assert account[0].balance == Money(0)
            assert len(account) > 1
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 5


def test_nobody_reads_anothers(buyer):
    eventful(buyer)
    assert list(buyer_lines(UserFactory().pk)) == []
