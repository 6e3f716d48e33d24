"""Release by the buyer or by the clock, never without its warning, and the payout that follows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from core import clock
from core.errors import NotFound
from core.models import Deadline
from core.money import Money
from escrow.models import Hold, Payout
from escrow.queries import hold_of, merchant_money
from escrow.services.payouts import set_payout_account
from escrow.states import HoldStatus
from flows import release
from flows.errors import AlreadyClosed, ExtendedBefore, GrantsUsedUp, NotShippedYet, PastProviderDeadline
from logistics.states import EvidenceGrade
from shop.states import OrderStatus
from tests import stories
from tests.factories.accounts import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.money]


def test_confirming_pays_the_merchant_less_the_fee():
    order = stories.delivered_order()
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    hold = hold_of(order.pk)
    assert hold.status == HoldStatus.RELEASED
    assert hold.fee_taken_minor == round(order.total_minor * 500 / 10_000)
    assert merchant_money(order.store_id, clock.now()).available.minor == order.total_minor - hold.fee_taken_minor


def test_confirming_twice_pays_once():
    order = stories.delivered_order()
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    with pytest.raises(AlreadyClosed):
        release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())


@pytest.mark.parametrize("who", ["merchant", "stranger"])
def test_only_the_buyer_can_confirm(who):
    order = stories.delivered_order()
    actor = stories.merchant_of(order) if who == "merchant" else stories.actor_of(UserFactory())
    with pytest.raises(NotFound):
        release.confirm_receipt(order_id=order.pk, actor=actor, now=clock.now())
    assert hold_of(order.pk).rest == order.total


def test_nothing_can_be_confirmed_before_it_was_shipped():
    order = stories.paid_order()
    with pytest.raises(NotShippedYet):
        release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())


def test_silence_releases_after_the_warnings():
    order = stories.delivered_order()
    stories.wait(days=8)
    assert stories.fresh(order).status == OrderStatus.DELIVERED  # never before ten days after the first scan
    stories.wait(days=1)
    assert hold_of(order.pk).warned_at is not None
    stories.wait(days=1, hours=1)
    assert stories.fresh(order).status == OrderStatus.COMPLETED
    assert hold_of(order.pk).status == HoldStatus.RELEASED


def test_after_an_outage_of_weeks_the_warning_still_comes_first():
    order = stories.delivered_order()
    stories.wait(days=30)
    assert stories.fresh(order).status == OrderStatus.DELIVERED
    assert hold_of(order.pk).warned_at is not None
    stories.wait(hours=23)
    assert stories.fresh(order).status == OrderStatus.DELIVERED
    stories.wait(hours=2)
    assert stories.fresh(order).status == OrderStatus.COMPLETED


def test_extending_moves_the_release_once():
    order = stories.delivered_order()
    before = release.Deadline.objects.get(kind="escrow.release", subject=str(order.pk)).due_at
    end = release.extend_inspection(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    assert end - before == timedelta(hours=72)
    with pytest.raises(ExtendedBefore):
        release.extend_inspection(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())


def test_a_weak_proof_gives_more_time():
    strong, weak = stories.delivered_order(), stories.delivered_order(grade=EvidenceGrade.D)
    ends = [
        release.Deadline.objects.get(kind="escrow.release", subject=str(order.pk)).due_at for order in (strong, weak)
    ]
    assert ends[1] >= ends[0]


def test_released_money_is_at_the_bank_within_a_day():
    order = stories.delivered_order()
    set_payout_account(
        store_id=order.store_id, bank="ICBC", holder="Lin", number="6222020200112233445",
        actor=stories.merchant_of(order), now=clock.now(),
    )  # fmt: skip
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    stories.settle()
    stories.wait(hours=2)
    payout = Payout.objects.get()
    assert payout.status == "paid"
    assert payout.amount_minor == hold_of(order.pk).released_minor - hold_of(order.pk).fee_taken_minor
    assert merchant_money(order.store_id, clock.now()).total == Money(0)


def test_a_payout_is_due_by_the_release_even_if_the_worker_hears_of_it_late():
    """E4 counts from the release: a queue that stood still for a day must not add its day."""
    order = stories.delivered_order()
    set_payout_account(
        store_id=order.store_id, bank="ICBC", holder="Lin", number="6222020200112233445",
        actor=stories.merchant_of(order), now=clock.now(),
    )  # fmt: skip
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    clock.advance_sandbox(timedelta(hours=20))
    stories.settle()
    assert Payout.objects.get().status == "paid"


def grant(order, days):
    return release.grant_time(
        order_id=order.pk, store_id=order.store_id, days=days, actor=stories.merchant_of(order), now=clock.now()
    )


def test_a_store_gives_more_time_twice_and_no_more_than_fourteen_days():
    order = stories.delivered_order()
    end = grant(order, 10)
    with pytest.raises(GrantsUsedUp):
        grant(order, 5)
    assert grant(order, 3) == end + timedelta(days=3)
    with pytest.raises(GrantsUsedUp):
        grant(order, 3)
    row = Deadline.objects.get(kind="escrow.release", subject=str(order.pk), done_at__isnull=True)
    assert row.due_at == end + timedelta(days=3)


def test_no_time_is_given_past_the_day_the_provider_lets_go_of_the_money():
    order = stories.delivered_order()
    due_at = Deadline.objects.get(kind="escrow.release", subject=str(order.pk), done_at__isnull=True).due_at
    Hold.objects.filter(order_id=order.pk).update(provider_deadline=due_at + timedelta(days=2))
    for act in (
        lambda: grant(order, 3),
        lambda: release.extend_inspection(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now()),
    ):
        with pytest.raises(PastProviderDeadline):
            act()
    row = Deadline.objects.get(kind="escrow.release", subject=str(order.pk), done_at__isnull=True)
    assert row.due_at == due_at
    assert not stories.fresh(order).extended


def test_the_page_offers_what_is_left_and_the_rules_print_the_limit(client):
    order = stories.delivered_order()
    grant(order, 10)
    client.force_login(order.store.owner)
    page = client.get(reverse("merchant:order", args=[order.number])).text
    assert 'name="days" value="3"' in page
    assert 'name="days" value="5"' not in page
    grant(order, 3)
    assert 'name="days"' not in client.get(reverse("merchant:order", args=[order.number])).text
    rules = client.get(reverse("pages:rules"), headers={"accept-language": "en"}).text
    assert "at most 2 times and 14 days in all" in rules
    assert "20 messages" in rules
