"""A payout that the bank sends back days after it arrived is on the balance again, once, and goes nowhere blindly."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.models import Notice
from core import clock, outbox
from core.actor import SYSTEM
from core.models import Deadline
from escrow.gateways import use
from escrow.gateways.base import PayoutState, Refused, Unavailable
from escrow.ledger import account, balance
from escrow.models import Hold, Payout, PayoutAccount, Transfer, TransferKind
from escrow.queries import books, failed_payouts, merchant_lines, outlook
from escrow.queries import payout_account as account_of
from escrow.services import holds, payout_sending, payouts
from escrow.states import PayoutStatus
from tests import sandbox
from tests.factories.escrow import ScriptedGateway, held, payout_account
from tests.stories import wait

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture
def hold() -> Hold:
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    return hold


def paid(hold: Hold, bank: ScriptedGateway) -> Payout:
    payout = payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    assert payout is not None
    with use("sandbox", bank):
        payouts.send_payout(payout_id=payout.pk, now=clock.now())
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.PAID
    return payout


def look(payout: Payout, bank: ScriptedGateway, times: int = 1) -> Payout:
    with use("sandbox", bank):
        for _ in range(times):
            payouts.watch_payout(payout_id=payout.pk, now=clock.now())
    payout.refresh_from_db()
    return payout


def watch_of(payout: Payout) -> Deadline | None:
    return Deadline.objects.filter(kind="payout.watch", subject=str(payout.pk), done_at__isnull=True).first()


def test_what_is_sent_back_is_on_the_balance_once(hold):
    bank = ScriptedGateway()
    payout = paid(hold, bank)
    bank.sent_back[f"payout:{payout.pk}"] = "account closed"
    look(payout, bank, 3)
    assert (payout.status, payout.failure) == (PayoutStatus.RETURNED, "account closed")
    assert payout.returned_at is not None
    assert balance(hold.merchant) == 9_500
    assert balance(account("provider:sandbox:CNY")) == -10_000
    assert Transfer.objects.filter(kind=TransferKind.PAYOUT_RETURNED).count() == 1
    assert watch_of(payout) is None
    assert list(failed_payouts()) == [payout]
    assert [line.amount.minor for line in merchant_lines(hold.store_id)] == [9_500, -9_500, 9_500]
    assert books().discrepancies == []


def test_the_merchant_is_told_and_nothing_more_goes_there_until_he_confirms(hold):
    bank = ScriptedGateway()
    payout = paid(hold, bank)
    bank.sent_back[f"payout:{payout.pk}"] = "account closed"
    look(payout, bank)
    outbox.drain()
    notice = Notice.objects.get(user_id=hold.order.store.owner_id, kind="escrow.payout_returned")
    assert "account closed" in notice.body
    assert account_of(hold.store_id) is None
    assert payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now()) is None
    assert balance(hold.merchant) == 9_500
    assert outlook(hold.store_id, clock.now()).why
    clock.advance_sandbox(timedelta(seconds=1))
    payout_account(hold.store_id)  # the same number: confirmed, no change, no three days
    again = payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    assert again is not None
    assert again.pk != payout.pk


def test_another_number_after_that_waits_its_three_days(hold):
    bank = ScriptedGateway()
    payout = paid(hold, bank)
    bank.sent_back[f"payout:{payout.pk}"] = "account closed"
    look(payout, bank)
    for number in ("9999000011112222", "9999 0000 1111 2222"):  # confirming the new one does not shorten its wait
        clock.advance_sandbox(timedelta(hours=1))
        payout_account(hold.store_id, number)
        assert payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now()) is None
    clock.advance_sandbox(timedelta(hours=71, minutes=1))
    assert payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now()) is not None


def test_the_account_in_use_by_now_stays(hold):
    bank = ScriptedGateway()
    payout = paid(hold, bank)
    clock.advance_sandbox(timedelta(seconds=1))
    newer = payout_account(hold.store_id, "9999000011112222")
    bank.sent_back[f"payout:{payout.pk}"] = "account closed"
    look(payout, bank)
    assert account_of(hold.store_id) == newer


def test_it_is_watched_for_five_days_and_no_longer(hold):
    bank = ScriptedGateway()
    payout = paid(hold, bank)
    for _ in range(5):
        row = watch_of(payout)
        assert row is not None
        clock.advance_sandbox(row.due_at - clock.now() + timedelta(seconds=1))
        look(payout, bank)
    assert payout.status == PayoutStatus.PAID
    assert watch_of(payout) is None
    assert sum(act == "query_payout" for act, _ in bank.calls) == 5


def test_a_bank_that_does_not_answer_is_asked_again(hold):
    payout = paid(hold, ScriptedGateway())

    class Silent(ScriptedGateway):
        def query_payout(self, *, key: str) -> PayoutState:
            raise Unavailable

    look(payout, Silent())
    row = watch_of(payout)
    assert row is not None
    assert row.due_at - clock.now() <= payout_sending.LOOK_AGAIN


def test_sent_back_before_we_had_heard_that_it_arrived(hold):
    bank = ScriptedGateway("lose")
    payout = payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    assert payout is not None
    with use("sandbox", bank):
        payouts.send_payout(payout_id=payout.pk, now=clock.now())
        bank.sent_back[f"payout:{payout.pk}"] = "no such name"
        payouts.send_payout(payout_id=payout.pk, now=clock.now())
    payout.refresh_from_db()
    assert payout.status == PayoutStatus.RETURNED
    assert balance(hold.merchant) == 9_500
    assert books().discrepancies == []
    outbox.drain()
    assert not Notice.objects.filter(kind="escrow.payout_done").exists()


def test_after_three_failures_in_a_row_the_account_is_set_aside(hold):
    for time in range(3):
        assert account_of(hold.store_id) is not None, f"after {time} failures it is still used"
        payout = payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
        assert payout is not None
        with use("sandbox", ScriptedGateway(Refused("no such account"))):
            payouts.send_payout(payout_id=payout.pk, now=clock.now())
    assert account_of(hold.store_id) is None
    assert PayoutAccount.objects.count() == 1
    assert books().discrepancies == []


def test_it_can_be_played_on_the_banks_page(client, hold):
    payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    wait(minutes=1)
    (sent,) = sandbox.book().transfers
    url = reverse("sandbox:bank-decide", args=[sent])
    assert b'value="returned"' in client.get(reverse("sandbox:bank")).content
    assert client.post(url, {"state": "returned"}).status_code == 302
    json = {"headers": {"accept": "application/json"}}
    assert client.post(url, {"state": "returned"}, **json).status_code == 409  # once
    assert client.get(reverse("sandbox:bank")).status_code == 200
    assert Payout.objects.get().status == PayoutStatus.PAID  # nobody has asked yet
    wait(hours=25)
    assert Payout.objects.get().status == PayoutStatus.RETURNED
    assert balance(hold.merchant) == 9_500
    assert books().discrepancies == []
