"""Made good in an incident (A12): by the platform, once, by two from the limit on, and seen on every account."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.models import Notice
from core import clock
from core.actor import SYSTEM, Actor
from core.errors import Forbidden, IllegalTransition, NotFound
from core.models import AuditEntry
from core.money import Money
from escrow.errors import (
    ChargebackOpen,
    CompensationWaits,
    DecidedMeanwhile,
    FourEyes,
    MadeGoodAlready,
    MoreThanRefundable,
    NeedsReason,
    TooMuchInOne,
)
from escrow.gateways import use
from escrow.gateways.base import Refused
from escrow.ledger import account, balance
from escrow.models import Compensation, Payout, Refund, Transfer, TransferKind
from escrow.queries import buyer_lines, merchant_lines
from escrow.queries.compensations import refundable
from escrow.queries.journal import journal, legs
from escrow.services import holds, late_refunds, refunds
from flows import compensation
from flows.compensation import IncidentClosed
from flows.compensation_targets import places_for
from flows.incidents import NotYourself
from flows.records import receipt_for
from shop.models import StoreMember
from tests.escrow.disputes import dispute
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.escrow import OrderFactory, ScriptedGateway, held, payout_account
from tests.factories.shop import StoreFactory
from tests.stories import actor_of, settle, wait

pytestmark = [pytest.mark.django_db, pytest.mark.money, pytest.mark.usefixtures("compensation_limits")]


def bought(buyer, minor=10_000):
    """¥100.00 of his, released to its merchant."""
    hold = held(order=OrderFactory(items_minor=minor, buyer=buyer))
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    hold.refresh_from_db()
    return hold


def good(incident, staff, minor=4_000, *, number=1, store=None, hold=None, reason="Our mistake.", currency="CNY"):
    return compensation.decide(
        incident_id=incident.pk, number=number, store_id=store.pk if store else None,
        payment_id=hold.payment_id if hold else None, amount=Money(minor, currency), reason=reason,
        actor=actor_of(staff), now=clock.now(),
    )  # fmt: skip


def agree(row, staff):
    return compensation.approve(compensation_id=row.pk, actor=actor_of(staff), now=clock.now())


def nothing_moved():
    return not Transfer.objects.filter(kind=TransferKind.COMPENSATION).exists()


# --- to a store -------------------------------------------------------------------------------------------------------


def test_a_store_has_it_on_its_balance_and_it_leaves_with_the_next_payout(incident, staff, store, lin):
    row = good(incident, staff, store=store)
    assert (row.status, row.decided_by, row.needs_two) == ("paid", None, False)
    assert balance(account(f"merchant:{store.pk}:CNY")) == 4_000
    assert balance(account("compensations:CNY")) == -4_000
    line = merchant_lines(store.pk, kind="compensation")[0]
    assert (line.amount, line.balance, line.reference) == (Money(4_000), Money(4_000), f"G{row.pk}")
    assert AuditEntry.objects.get(act="compensation.paid").facts["amount_minor"] == 4_000
    payout_account(store.pk)
    settle()
    notice = Notice.objects.get(user=lin, kind="account.compensation")
    assert "¥40.00" in notice.subject and "Our mistake." in notice.body and store.name_en in notice.body
    wait(hours=2)
    assert Payout.objects.get(store_id=store.pk).amount_minor == 4_000


def test_the_member_hears_of_it_in_his_language(incident, staff, store, lin):
    lin.language = "zh-hans"
    lin.save()
    good(incident, staff, store=store)
    settle()
    body = Notice.objects.get(user=lin, kind="account.compensation").body
    assert store.name in body and store.name_en not in body


def test_it_stands_in_the_journal_and_its_party_gets_a_receipt(incident, staff, store, lin):
    row = good(incident, staff, store=store)
    moves = journal(account="compensations")
    assert [leg.account for leg in legs(moves)] == ["compensations:CNY", f"merchant:{store.pk}:CNY"]
    transfer = Transfer.objects.get(kind=TransferKind.COMPENSATION, ref=row.pk)
    assert receipt_for(transfer_id=transfer.pk, user_id=lin.pk, now=clock.now())
    with pytest.raises(NotFound):
        receipt_for(transfer_id=transfer.pk, user_id=UserFactory().pk, now=clock.now())


# --- to a buyer -------------------------------------------------------------------------------------------------------


def test_a_buyer_has_it_back_as_he_paid_and_nobody_else_bears_it(incident, staff, lin):
    hold = bought(lin)
    merchant = balance(hold.merchant)
    row = good(incident, staff, hold=hold)
    refund = row.refund
    assert (refund.status, refund.hold, refund.payment_id) == ("pending", None, hold.payment_id)
    with use("sandbox", ScriptedGateway()):
        settle()
    refund.refresh_from_db()
    assert refund.status == "done"
    assert balance(account("provider:sandbox:CNY")) == -6_000 and balance(account("compensations:CNY")) == -4_000
    hold.refresh_from_db()
    assert (hold.returned_minor, balance(hold.merchant)) == (0, merchant)
    lines = [line for line in buyer_lines(lin.pk) if line.kind == "compensation"]
    assert [line.amount.minor for line in lines] == [-4_000, 4_000], "it passes his account by"
    assert {line.balance.minor for line in lines} == {0, 4_000}
    assert len(buyer_lines(lin.pk, kind="compensation")) == 1
    done = Transfer.objects.get(kind=TransferKind.REFUND_DONE, ref=refund.pk)
    for move in (done, Transfer.objects.get(kind=TransferKind.COMPENSATION)):
        assert receipt_for(transfer_id=move.pk, user_id=lin.pk, now=clock.now())
        with pytest.raises(NotFound):
            receipt_for(transfer_id=move.pk, user_id=UserFactory().pk, now=clock.now())


def test_an_answer_that_was_lost_is_asked_for_and_never_sent_again(incident, staff, lin):
    row = good(incident, staff, hold=bought(lin))
    with use("sandbox", ScriptedGateway("lose")) as bank:
        refunds.send_refund(refund_id=row.refund.pk, now=clock.now())
        assert Refund.objects.get().status == "sent"
        refunds.send_refund(refund_id=row.refund.pk, now=clock.now())
        assert Refund.objects.get().status == "done" and bank.moved == 4_000
        assert [name for name, _key in bank.calls] == ["refund", "query_refund"]


def test_a_no_of_the_provider_is_tried_again_like_every_refund(incident, staff, lin):
    row = good(incident, staff, hold=bought(lin))
    with use("sandbox", ScriptedGateway(Refused("too old"))):
        refunds.send_refund(refund_id=row.refund.pk, now=clock.now())
    assert Refund.objects.get().status == "failed"
    refunds.retry_refund(refund_id=row.refund.pk, actor=SYSTEM, now=clock.now())
    with use("sandbox", ScriptedGateway()):
        settle()
    assert Refund.objects.get().status == "done"


def test_never_more_than_was_paid_less_what_went_back(incident, staff, lin):
    hold = bought(lin)
    late_refunds.refund_released(
        order_id=hold.order_id, amount_minor=3_000, actor=SYSTEM, reason="late", now=clock.now()
    )
    assert refundable([hold.payment])[hold.payment_id] == Money(7_000)
    with pytest.raises(MoreThanRefundable):
        good(incident, staff, 7_001, hold=hold)
    good(incident, staff, 4_000, hold=hold)
    with pytest.raises(MoreThanRefundable):
        good(incident, staff, 3_001, number=2, hold=hold)
    assert Compensation.objects.count() == 1


def test_what_is_still_held_goes_back_by_its_order_and_not_out_of_our_pocket(incident, staff, lin):
    hold = held(order=OrderFactory(items_minor=10_000, buyer=lin))
    with pytest.raises(MoreThanRefundable):
        good(incident, staff, 1, hold=hold)
    assert not places_for(lin.pk)


def test_what_was_made_good_is_not_given_back_a_second_time_by_the_merchant(incident, staff, lin):
    hold = bought(lin)
    good(incident, staff, 4_000, hold=hold)
    give = {"order_id": hold.order_id, "actor": SYSTEM, "reason": "late", "now": clock.now()}
    with pytest.raises(MadeGoodAlready):
        late_refunds.refund_released(amount_minor=6_001, **give)
    late_refunds.refund_released(amount_minor=6_000, **give)
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) == 10_000


def test_while_the_payers_bank_has_the_money_nothing_is_made_good_by_it(incident, staff, lin):
    hold = bought(lin)
    dispute(hold, 4_000)
    with pytest.raises(ChargebackOpen):
        good(incident, staff, 100, hold=hold)


# --- by two -----------------------------------------------------------------------------------------------------------


def test_from_the_limit_on_a_second_person_agrees(incident, staff, store, lin):
    row = good(incident, staff, 5_000, store=store)
    assert row.status == "approval" and nothing_moved()
    settle()
    second = MediatorFactory(language="en")
    assert Notice.objects.filter(user=staff, kind="account.compensation_waits").count() == 1
    assert not Notice.objects.filter(user=lin, kind="account.compensation").exists()
    wait(hours=7)
    assert Notice.objects.filter(user=second, kind="account.compensation_waits").count() == 1, "reminded"
    with pytest.raises(FourEyes):
        agree(row, staff)
    agree(row, second)
    assert balance(account(f"merchant:{store.pk}:CNY")) == 5_000
    with pytest.raises(IllegalTransition):
        agree(row, MediatorFactory())
    settle()
    assert Notice.objects.filter(user=lin, kind="account.compensation").count() == 1


def test_many_small_ones_are_no_way_around_the_limit(incident, staff, store):
    assert good(incident, staff, 4_999, store=store).status == "paid"
    assert good(incident, staff, 1, number=2, store=store).status == "approval"


def test_the_database_wants_the_second_person_too(incident, staff, store):
    row = good(incident, staff, 5_000, store=store)
    for by in (None, staff.pk):
        with pytest.raises(IntegrityError), transaction.atomic():
            Compensation.objects.filter(pk=row.pk).update(status="paid", decided_by=by)


def test_a_refused_one_moves_nothing_and_says_why(incident, staff, store):
    row = good(incident, staff, 5_000, store=store)
    with pytest.raises(NeedsReason):
        compensation.refuse(compensation_id=row.pk, reason=" ", actor=actor_of(staff), now=clock.now())
    row = compensation.refuse(compensation_id=row.pk, reason="too much", actor=actor_of(staff), now=clock.now())
    assert (row.status, row.refusal) == ("refused", "too much") and nothing_moved()
    with pytest.raises(IllegalTransition):
        agree(row, MediatorFactory())
    assert good(incident, staff, 4_999, number=2, store=store).status == "paid", "it counts no more"


def test_what_went_back_meanwhile_is_asked_again_when_the_second_agrees(incident, staff, lin):
    hold = bought(lin)
    row = good(incident, staff, 8_000, hold=hold)
    late_refunds.refund_released(
        order_id=hold.order_id, amount_minor=3_000, actor=SYSTEM, reason="late", now=clock.now()
    )
    with pytest.raises(MoreThanRefundable):
        agree(row, MediatorFactory())
    row.refresh_from_db()
    assert row.status == "approval"


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_another_who_pressed_first_is_seen(incident, staff, store):
    good(incident, staff, store=store)
    with pytest.raises(DecidedMeanwhile):
        good(incident, MediatorFactory(), store=store)
    assert balance(account(f"merchant:{store.pk}:CNY")) == 4_000


@pytest.mark.parametrize("minor", [0, -1, 20_001, 10**15])
def test_nothing_less_than_nothing_and_too_much_are_refused(incident, staff, store, minor):
    with pytest.raises((MoreThanRefundable, TooMuchInOne)):
        good(incident, staff, minor, store=store)
    assert not Compensation.objects.exists() and nothing_moved()


def test_what_is_not_his_is_not_found(incident, staff):
    other = UserFactory()
    with pytest.raises(NotFound):
        good(incident, staff, store=StoreFactory(owner=other))
    with pytest.raises(NotFound):
        good(incident, staff, hold=bought(other))
    assert not Compensation.objects.exists()


def test_nobody_makes_something_good_to_himself_or_to_his_store(incident, staff, store, lin):
    own = Actor(user_id=lin.pk, is_mediator=True)
    give = {"incident_id": incident.pk, "number": 1, "store_id": store.pk, "amount": Money(100), "reason": "x"}
    with pytest.raises(NotYourself):
        compensation.decide(**give, actor=own, now=clock.now())
    with pytest.raises(Forbidden):
        compensation.decide(**give, actor=actor_of(UserFactory()), now=clock.now())
    StoreMember.objects.create(store=store, user=staff, role="support", joined_at=clock.now())
    with pytest.raises(FourEyes):
        compensation.decide(**give, actor=actor_of(staff), now=clock.now())
    row = good(incident, MediatorFactory(), 5_000, store=store)
    for actor, fault in ((own, NotYourself), (actor_of(staff), FourEyes), (actor_of(UserFactory()), Forbidden)):
        with pytest.raises(fault):
            compensation.approve(compensation_id=row.pk, actor=actor, now=clock.now())
    assert nothing_moved()


def test_a_closed_incident_pays_nothing_and_one_that_waits_is_not_closed(incident, staff, store):
    row = good(incident, staff, 5_000, store=store)
    close = {"incident_id": incident.pk, "closing": "Done.", "compensation": "", "actor": actor_of(staff)}
    with pytest.raises(CompensationWaits):
        compensation.close_incident(**close, now=clock.now())
    compensation.refuse(compensation_id=row.pk, reason="no", actor=actor_of(staff), now=clock.now())
    compensation.close_incident(**close, now=clock.now())
    with pytest.raises(IncidentClosed):
        good(incident, staff, number=2, store=store)
    assert nothing_moved()


def test_another_currency_than_the_payments_is_refused(incident, staff, lin):
    with pytest.raises(MoreThanRefundable):
        good(incident, staff, 100, hold=bought(lin), currency="USD")


def test_what_was_decided_is_never_rewritten(incident, staff, store):
    row = good(incident, staff, store=store)
    for change in (
        lambda: Compensation.objects.filter(pk=row.pk).update(amount_minor=1),
        lambda: Compensation.objects.filter(pk=row.pk).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


# --- the pages are in test_compensation_pages.py ----------------------------------------------------------------------


def test_the_addresses_are_staffs(client, incident, store):
    client.force_login(UserFactory())
    assert client.get(reverse("console:compensation", args=[incident.pk])).status_code == 404
