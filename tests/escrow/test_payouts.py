"""A payout takes the whole balance once, arrives once, or comes back."""

from __future__ import annotations

from uuid import uuid4

import pytest

from core import clock, deadlines
from core.actor import SYSTEM
from core.models import AuditEntry, Deadline, OutboxEvent
from escrow import handlers
from escrow.errors import BadPayoutAccount
from escrow.gateways import use
from escrow.gateways.base import PayoutState, Refused, Unavailable
from escrow.ledger import account, balance
from escrow.models import Hold, Payout, PayoutAccount
from escrow.queries import books, failed_payouts, merchant_money
from escrow.services import holds, payouts
from escrow.states import PayoutStatus
from tests.factories.escrow import ScriptedGateway, held, payout_account

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture
def earned() -> Hold:
    """A merchant with ¥95.00 in the balance and an account to send it to."""
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout_account(hold.store_id)
    return hold


def prepare(hold: Hold) -> Payout | None:
    return payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())


def send(payout: Payout, bank: ScriptedGateway) -> Payout:
    with use("sandbox", bank):
        payouts.send_payout(payout_id=payout.pk, now=clock.now())
    payout.refresh_from_db()
    return payout


def test_the_whole_balance_leaves_and_arrives(earned):
    payout = prepare(earned)
    assert payout.amount_minor == 9_500
    assert prepare(earned) is None
    money = merchant_money(earned.store_id, clock.now())
    assert (money.available.minor, money.arriving.minor) == (0, 9_500)
    assert books().discrepancies == []
    bank = ScriptedGateway()
    assert send(payout, bank).status == PayoutStatus.PAID
    assert send(payout, bank).status == PayoutStatus.PAID
    assert bank.calls == [("payout", f"payout:{payout.pk}")]
    assert balance(account("payout_in_flight:sandbox:CNY")) == 0
    assert OutboxEvent.objects.filter(name="escrow.payout_done").count() == 1
    assert books().discrepancies == []


def test_no_account_no_payout():
    hold = held(10_000)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    assert prepare(hold) is None
    assert balance(hold.merchant) == 9_500
    payout_account(hold.store_id)  # from now on there is one: the money that waited may leave
    assert Deadline.objects.filter(kind="payout.due", subject=str(hold.store_id), done_at__isnull=True).exists()


@pytest.mark.parametrize("mood", [Unavailable(), "lose", PayoutState("PO1", "pending")])
def test_an_unknown_outcome_is_asked_for(earned, mood):
    payout, bank = prepare(earned), ScriptedGateway(mood)
    assert send(payout, bank).status == PayoutStatus.SENT
    assert Deadline.objects.filter(kind="payout.send", subject=str(payout.pk), done_at__isnull=True).exists()
    assert books().discrepancies == []
    assert send(payout, bank).status == PayoutStatus.PAID
    assert bank.moved == 9_500
    assert bank.calls[1][0] == "query_payout"
    assert books().discrepancies == []


@pytest.mark.parametrize("no", [Refused("no such account"), PayoutState("PO1", "failed", "no such account")])
def test_a_refused_payout_is_back_in_the_balance(earned, no):
    payout = send(prepare(earned), ScriptedGateway(no))
    assert payout.status == PayoutStatus.FAILED
    assert payout.failure == "no such account"
    assert balance(earned.merchant) == 9_500
    assert list(failed_payouts()) == [payout]
    assert OutboxEvent.objects.filter(name="escrow.payout_failed").count() == 1
    assert books().discrepancies == []
    assert prepare(earned).amount_minor == 9_500


def test_the_deadline_pays_out_and_closes(earned):
    deadlines.schedule("payout.due", subject=earned.store_id, due_at=clock.now())
    handlers.pay_out_due([str(earned.store_id)], clock.now())
    payout = Payout.objects.get()
    assert not Deadline.objects.filter(kind="payout.due", done_at__isnull=True).exists()
    bank = ScriptedGateway()
    with use("sandbox", bank):
        handlers.send_payouts([str(payout.pk)], clock.now())
    assert bank.moved == 9_500
    handlers.pay_out_due([str(earned.store_id)], clock.now())
    assert Payout.objects.count() == 1


def test_the_number_lies_sealed_and_the_old_account_is_kept(earned):
    first = PayoutAccount.objects.get()
    second = payouts.set_payout_account(
        store_id=earned.store_id,
        bank=" 招商银行 ",
        holder="李四",
        number="6225 8888-8888 0001",
        actor=SYSTEM,
        now=clock.now(),
    )
    first.refresh_from_db()
    assert not first.is_active
    assert second.bank == "招商银行"
    assert second.last4 == "0001"
    row = PayoutAccount.objects.get(pk=second.pk)
    assert row.number.open() == "6225888888880001"
    assert "6225888888880001" not in str(vars(row))
    entry = AuditEntry.objects.filter(act="payout_account.set").order_by("pk").last()
    assert entry.facts == {"bank": "招商银行", "last4": "0001"}


@pytest.mark.parametrize(
    ("bank", "holder", "number", "field"),
    [
        ("", "张三", "62220212345612", "bank"),
        ("工行", " ", "62220212345612", "holder"),
        ("工行", "张三", "1234567", "number"),
        ("工行", "张三", "６２２２０２１２３４５６", "number"),
        ("工" * 61, "张三", "62220212345612", "bank"),
        ("工行", "张三", "6" * 35, "number"),
    ],
)
def test_an_account_must_be_one(bank, holder, number, field):
    with pytest.raises(BadPayoutAccount) as refusal:
        payouts.set_payout_account(
            store_id=uuid4(), bank=bank, holder=holder, number=number, actor=SYSTEM, now=clock.now()
        )
    assert field in refusal.value.fields
    assert not PayoutAccount.objects.exists()


@pytest.mark.parametrize(
    ("gateway", "good", "bad"),
    [
        ("stripe", "acct_1AbCdEfGhIjKlMnO", ("6222021234561234", "acct_", "ACCT_1ABCDEFGHIJKLMNO")),
        (
            "wechatpay",
            "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o",
            ("6222021234561234", "oUpF8uMuAJO", "xUpF8uMuAJO_M2pxb1Q9zNjWeS6o"),
        ),
    ],
)
def test_who_pays_out_to_his_own_accounts_takes_their_numbers_alone(settings, gateway, good, bad):
    """Their letters are told apart, so nothing of them is made large or left out."""
    settings.PAYOUT_GATEWAY = gateway
    store_id = uuid4()

    def choose(number):
        return payouts.set_payout_account(
            store_id=store_id, bank=gateway, holder="Lin", number=number, actor=SYSTEM, now=clock.now()
        )

    for number in bad:
        with pytest.raises(BadPayoutAccount) as refusal:
            choose(number)
        assert set(refusal.value.fields) == {"number"}
    assert choose(f" {good} ").number.open() == good


def test_a_changed_account_waits_three_days_and_its_owner_is_told():
    from datetime import timedelta

    from accounts.models import Notice
    from escrow.models import Payout
    from escrow.services.payouts import set_payout_account
    from flows import release
    from tests import stories

    order = stories.delivered_order()
    merchant = stories.merchant_of(order)
    for number in ("6222020200112233445", "9999000011112222"):
        set_payout_account(
            store_id=order.store_id, bank="ICBC", holder="Lin", number=number, actor=merchant, now=clock.now()
        )
        clock.advance_sandbox(timedelta(seconds=1))
    release.confirm_receipt(order_id=order.pk, actor=stories.buyer_of(order), now=clock.now())
    stories.settle()
    assert Notice.objects.filter(user_id=order.store.owner_id, kind="escrow.payout_account_set").count() == 2
    stories.wait(hours=48)
    assert not Payout.objects.exists()
    stories.wait(hours=26)
    stories.settle()
    assert Payout.objects.get().destination.last4 == "2222"
