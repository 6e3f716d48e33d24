"""Suspended and ended stores: buyers get goods or money, the store's money waits and is not taken, two people sign."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from accounts.models import Notice
from core import clock, deadlines
from core.errors import Forbidden, IllegalTransition
from core.models import AuditEntry
from escrow import ledger
from escrow.models import Payout, StorePayoutHold
from escrow.queries import outlook
from escrow.services import payouts
from flows import release, standing
from flows.payouts import ask_for_payout
from shop.errors import CheckIsOpen, OwnStore, ReasonMissing, SecondPerson
from shop.models import Order, Store, StoreCheck, StoreEnding
from shop.queries.catalogue import on_sale
from shop.services import checks
from shop.states import CheckStatus, OrderStatus, StoreStatus
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.escrow import payout_account
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import actor_of, buyer_of, delivered_order, open_case, paid_order, settle, ship, wait

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return actor_of(MediatorFactory())


@pytest.fixture
def variant():
    return ProductFactory(price_minor=10_000, stock=50).variants.get()


def suspended(variant, staff):
    store = variant.product.store
    standing.suspend(store_id=store.pk, reason="Complaints.", actor=staff, now=clock.now())
    return store


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def ended(store, staff, *, refund=False, second=None):
    standing.propose_end(store_id=store.pk, reason="Fakes.", refund=refund, actor=staff, now=clock.now())
    if StoreEnding.objects.get(store=store).signed_at is None:
        standing.sign_end(store_id=store.pk, actor=second or actor_of(MediatorFactory()), now=clock.now())


# --- suspension -------------------------------------------------------------------------------------------------------


def test_a_suspended_store_sells_nothing_and_its_merchant_is_told_why(variant, staff):
    store = suspended(variant, staff)
    assert (fresh(store).status, fresh(store).may_sell) == (StoreStatus.SUSPENDED, False)
    assert not on_sale().exists()
    settle()
    assert "Complaints." in Notice.objects.get(user=store.owner, kind="vetting.suspended").body


def test_a_suspended_sellers_orders_still_protect_their_buyers(variant, staff):
    """Abuse 20: one order is shipped and paid for, one is never shipped and refunded, one is claimed and decided."""
    good, never, claimed = paid_order(variant=variant), paid_order(variant=variant), delivered_order(variant=variant)
    store = suspended(variant, staff)
    ship(good)
    open_case(claimed)
    wait(days=8)
    never.refresh_from_db()
    assert never.status == OrderStatus.REFUNDED
    assert never.hold.status == "refunded"
    claimed.refresh_from_db()
    assert claimed.status == OrderStatus.REFUNDED, "the merchant's silence still counts"
    assert fresh(store).status == StoreStatus.SUSPENDED


def test_released_money_waits_on_the_balance_of_a_suspended_store(variant, staff):
    order = delivered_order(variant=variant)
    payout_account(order.store_id)
    suspended(variant, staff)
    release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    wait(days=2)
    assert not Payout.objects.exists()
    with translation.override("en"):
        assert "suspended" in str(outlook(order.store_id, clock.now()).why)
    assert ask_for_payout(store_id=order.store_id, actor=actor_of(order.store.owner), now=clock.now()) is None
    standing.reinstate(store_id=order.store_id, reason="Settled.", actor=staff, now=clock.now())
    settle()
    assert Payout.objects.get().status in ("sent", "paid")
    assert fresh(order.store).may_sell


def test_a_payout_that_was_prepared_does_not_leave(variant, staff):
    order = delivered_order(variant=variant)
    payout_account(order.store_id)
    release.confirm_receipt(order_id=order.pk, actor=buyer_of(order), now=clock.now())
    payout = payouts.prepare_payout(store_id=order.store_id, actor=staff, now=clock.now())
    suspended(variant, staff)
    wait(hours=5)
    assert fresh(payout).status == "prepared"
    standing.reinstate(store_id=order.store_id, reason="Settled.", actor=staff, now=clock.now())
    settle()
    assert fresh(payout).status in ("sent", "paid")


def test_a_suspension_is_looked_at_again(variant, staff):
    member = MediatorFactory()
    suspended(variant, staff)
    wait(days=15)
    wait(days=8)
    assert Notice.objects.filter(user=member, kind="vetting.still_suspended").count() == 2


def test_suspending_needs_staff_a_reason_and_no_party(variant, staff):
    store = variant.product.store
    said = {"store_id": store.pk, "now": clock.now()}
    with pytest.raises(Forbidden):
        standing.suspend(reason="x", actor=actor_of(UserFactory()), **said)
    with pytest.raises(ReasonMissing):
        standing.suspend(reason=" ", actor=staff, **said)
    store.owner.is_mediator = True
    store.owner.save()
    with pytest.raises(OwnStore):
        standing.suspend(reason="x", actor=actor_of(store.owner), **said)
    standing.suspend(reason="x", actor=staff, **said)
    with pytest.raises(IllegalTransition):
        standing.suspend(reason="x", actor=staff, **said)


# --- the end ----------------------------------------------------------------------------------------------------------


def test_an_end_with_money_at_stake_needs_a_second_person(variant, staff):
    order = paid_order(variant=variant)
    store = order.store
    ending = standing.propose_end(store_id=store.pk, reason="Fakes.", refund=False, actor=staff, now=clock.now())
    assert ending.needs_two
    assert fresh(store).status == StoreStatus.APPROVED, "nothing happens before the second signature"
    with pytest.raises(SecondPerson):
        standing.sign_end(store_id=store.pk, actor=staff, now=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        StoreEnding.objects.filter(pk=ending.pk).update(signed_by=staff.user_id)
    waiting = MediatorFactory()
    wait(days=1, hours=1)
    assert Notice.objects.filter(user=waiting, kind="vetting.end_proposed").exists()
    standing.sign_end(store_id=store.pk, actor=actor_of(waiting), now=clock.now())
    assert fresh(store).status == StoreStatus.ENDING
    with pytest.raises(IllegalTransition):
        standing.sign_end(store_id=store.pk, actor=actor_of(MediatorFactory()), now=clock.now())


def test_an_empty_store_ends_at_once(staff):
    store = StoreFactory()
    ended(store, staff)
    settle()
    assert fresh(store).status == StoreStatus.ENDED
    assert [row.kind for row in deadlines.open_deadlines(subjects=[store.pk])] == ["papers.purge"]


def test_what_is_not_shipped_goes_back_if_that_was_decided(variant, staff):
    orders = [paid_order(variant=variant) for _ in range(2)]
    on_its_way = delivered_order(variant=variant)
    store = variant.product.store
    payout_account(store.pk)
    ended(store, staff, refund=True)
    settle()
    assert {fresh(order).status for order in orders} == {OrderStatus.REFUNDED}
    assert fresh(on_its_way).status == OrderStatus.DELIVERED
    assert fresh(store).status == StoreStatus.ENDING, "an order is open"
    for _ in range(6):
        wait(days=3)
    assert fresh(on_its_way).status == OrderStatus.COMPLETED
    assert fresh(store).status == StoreStatus.ENDED
    assert Payout.objects.get().status in ("sent", "paid"), "the balance is the merchant's and leaves in the end"
    assert not StorePayoutHold.objects.filter(in_force=True).exists()


def test_payouts_of_an_ending_store_wait_for_its_cases(variant, staff):
    done, claimed = delivered_order(variant=variant), delivered_order(variant=variant)
    store = variant.product.store
    payout_account(store.pk)
    open_case(claimed)
    release.confirm_receipt(order_id=done.pk, actor=buyer_of(done), now=clock.now())
    ended(store, staff)
    wait(days=2)
    assert not Payout.objects.exists()
    assert fresh(store).status == StoreStatus.ENDING
    assert ledger.balance(ledger.account(f"merchant:{store.pk}:CNY")) == 9_500
    wait(days=5)
    wait(days=2)
    assert fresh(claimed).status == OrderStatus.REFUNDED
    assert fresh(store).status == StoreStatus.ENDED
    assert Payout.objects.count() == 1


def test_a_proposal_can_be_dropped(variant, staff):
    order = paid_order(variant=variant)
    standing.propose_end(store_id=order.store_id, reason="x", refund=True, actor=staff, now=clock.now())
    standing.drop_end(store_id=order.store_id, actor=actor_of(MediatorFactory()), now=clock.now())
    wait(hours=1)
    assert Order.objects.get().status == OrderStatus.PAID
    assert AuditEntry.objects.filter(act="store.end_dropped").exists()


# --- checks -----------------------------------------------------------------------------------------------------------


def test_the_calendar_opens_a_check_each_year_and_staff_hear_if_it_is_late(staff):
    member = MediatorFactory()
    store = StoreFactory()
    deadlines.schedule("store.check", subject=store.pk, due_at=clock.now() + timedelta(days=1))
    wait(days=2)
    check = StoreCheck.objects.get(store=store)
    assert (check.is_spot, check.reviewer) == (False, None)
    wait(days=20)
    assert Notice.objects.filter(user=member, kind="vetting.check_late").exists()
    checks.take(check_id=check.pk, actor=actor_of(member))
    standing.close_check(check_id=check.pk, passed=True, finding="Fine.", actor=actor_of(member), now=clock.now())
    assert fresh(check).status == CheckStatus.PASSED
    assert any(row.kind == "store.check" for row in deadlines.open_deadlines(subjects=[store.pk]))


def test_a_failed_spot_check_suspends(staff):
    store = StoreFactory()
    check = checks.open_check(store_id=store.pk, reason="A letter.", actor=staff, now=clock.now())
    with pytest.raises(CheckIsOpen):
        checks.open_check(store_id=store.pk, reason="Another.", actor=staff, now=clock.now())
    with pytest.raises(ReasonMissing):
        standing.close_check(check_id=check.pk, passed=False, finding="", actor=staff, now=clock.now())
    standing.close_check(check_id=check.pk, passed=False, finding="The address is empty.", actor=staff, now=clock.now())
    assert fresh(store).status == StoreStatus.SUSPENDED
    assert StorePayoutHold.objects.get(store_id=store.pk, in_force=True).cause == "suspended"


def test_a_store_says_what_it_may_sell_only_while_it_is_approved():
    store = StoreFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Store.objects.filter(pk=store.pk).update(status=StoreStatus.SUSPENDED)
