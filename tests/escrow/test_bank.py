"""A bank account of ours: its statement confirms payments, staff make refunds and payouts themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.services.step_up import Act, digest_of, staff_money
from core import clock
from core.actor import SYSTEM
from core.models import AuditEntry
from core.money import Money
from escrow import gateways, ledger
from escrow.errors import NotByHand
from escrow.gateways import bank
from escrow.gateways.base import BadSignature, Movement
from escrow.models import Payment, Refund
from escrow.queries import books
from escrow.queries import by_hand as waiting
from escrow.services import by_hand, holds, payments, payouts, refunds
from escrow.statements.bank import find_reference
from tests.accounts.proofs import prove_me
from tests.disputes.rooms import mediator, stranger
from tests.escrow import statement_rows as given
from tests.factories.escrow import payout_account
from tests.fresh import let_time_pass
from tests.stories import fresh, placed_order

pytestmark = [pytest.mark.django_db, pytest.mark.money]
VALUES = {"holder": "踏实科技", "bank": "工商银行", "number": "6222020000001234567", "currency": "CNY"}


@pytest.fixture(autouse=True)
def account_at_the_bank(settings):
    settings.PROVIDERS = {**settings.PROVIDERS, "bank": VALUES}
    settings.PAYMENT_GATEWAYS, settings.PAYOUT_GATEWAY = ["bank"], "bank"
    yield
    assert books().discrepancies == []


def statement(*lines: tuple[str, str, str]):
    """Hand in the bank's CSV: number, amount, words."""
    now = clock.now().strftime("%Y-%m-%d %H:%M:%S")
    rows = "".join(f"{now},{amount},{words},{number}\n" for number, amount, words in lines)
    raw = f"交易时间,金额,附言,交易流水号\n{rows}".encode("gbk")
    return given.take_in_raw(raw, gateway="bank")


def waiting_order():
    order = placed_order()
    payments.start_payment(payment_id=order.payment_id)
    return fresh(order)


def word(order) -> str:
    return str(order.payment.reference)


def paid():
    order = waiting_order()
    statement(("B1", order.total.digits, f"货款 {word(order)}"))
    return fresh(order)


# --- the adapter, without a table -----------------------------------------------------------------------------------


def adapter(*arrived: Movement, left: str = "") -> bank.BankGateway:
    seen = bank.Seen(arrivals=lambda word: arrived, left=lambda key: left)
    return bank.build(VALUES, seen=seen)


def created(key="payment:7"):
    return adapter().create_payment(
        key=key, amount=Money(12_800), description="", return_url="", notify_url="", expires_at=clock.now()
    )


def test_a_payment_is_an_account_an_amount_and_a_word_that_is_read_back():
    made = created()
    assert made.url == made.qr == ""
    assert made.reference == created().reference != created("payment:8").reference
    assert list(made.instructions.values()) == ["踏实科技", "工商银行", VALUES["number"], "¥128.00", made.reference]
    assert find_reference(f"order {made.reference.lower()} thanks") == made.reference
    with translation.override("zh-hans"):
        assert "附言" in list(created().instructions)[-1]


def test_words_never_collide_in_a_hundred_thousand():
    assert len({bank.word_of(f"payment:{n}") for n in range(100_000)}) == 100_000


def test_it_knows_what_the_statements_know():
    arrived = Movement("B1", Money(12_800), clock.now())
    assert adapter().query_payment(reference="TS").status == "open"
    state = adapter(arrived).query_payment(reference="TS")
    assert (state.status, state.movements, state.payee) == ("paid", (arrived,), VALUES["number"])
    assert adapter().close_payment(reference="TS") == "closed"
    assert adapter(arrived).close_payment(reference="TS") == "already_paid"
    refund = adapter().refund(key="refund:3", reference="TS", movement_ref="B1", amount=Money(1))
    assert (refund.status, adapter(left="B9").query_refund(key="refund:3", reference="").ref) == ("pending", "B9")
    payout = adapter().payout(key="payout:3", amount=Money(1), bank="", holder="", number="")
    assert (payout.status, adapter(left="B9").query_payout(key="payout:3").status) == ("pending", "done")
    assert (bank.word_of("refund:3:2"), bank.word_of("payout:17")) == ("RF000003", "PO000017")
    assert adapter().capabilities.hold_days is None
    with pytest.raises(BadSignature):
        adapter().parse_notice(raw_body=b"", headers={})


# --- its statement confirms payments ------


def test_the_banks_statement_pays_the_order():
    order = paid()
    assert order.status == "paid"
    assert ledger.balance(ledger.account("escrow:CNY")) == order.total_minor
    assert given.line("B1").status == "matched"
    assert given.tickets() == []


def test_the_same_statement_twice_pays_once():
    order = waiting_order()
    for _ in range(2):
        statement(("B1", order.total.digits, word(order)))
    assert ledger.balance(ledger.account("escrow:CNY")) == order.total_minor


def test_a_wrong_amount_is_parked_and_its_line_agrees_with_that():
    order = waiting_order()
    statement(("B1", "0.01", word(order)))
    assert fresh(order).status != "paid"
    assert ledger.balance(ledger.account("suspense:bank:CNY")) == 1
    assert given.line("B1").status == "matched"


def test_money_without_our_word_is_a_ticket_and_nobodys_payment():
    order = waiting_order()
    statement(("B1", order.total.digits, "谢谢"))
    assert fresh(order).status != "paid"
    assert given.tickets() == [("unknown_line", order.total_minor)]


def test_a_payment_that_cannot_be_settled_does_not_keep_the_others(monkeypatch):
    first, second = waiting_order(), waiting_order()
    Payment.objects.filter(pk=first.payment_id).update(gateway="bank", reference=word(first))
    settle = given.flow.purchase.settle_payment

    def half(*, payment_id, **more):
        if payment_id == first.payment_id:
            raise gateways.base.Unavailable
        return settle(payment_id=payment_id, **more)

    monkeypatch.setattr(given.flow.purchase, "settle_payment", half)
    statement(("B1", first.total.digits, word(first)), ("B2", second.total.digits, word(second)))
    assert (fresh(first).status, fresh(second).status) == ("pending", "paid")
    assert given.line("B1").status == "unknown"


# --- refunds and payouts by hand ------


def refund_of(order) -> Refund:
    holds.refund(order_id=order.pk, actor=SYSTEM, reason="cancelled", now=clock.now())
    refund = Refund.objects.get()
    refunds.send_refund(refund_id=refund.pk, now=clock.now())
    refund.refresh_from_db()
    return refund


def test_a_refund_waits_for_staff_and_is_done_when_they_have_made_it():
    order = paid()
    refund = refund_of(order)
    assert refund.status == "sent"
    assert [(one.word, one.amount, one.arrival) for one in waiting.to_make()] == [
        (f"RF{refund.pk:06d}", order.total, "B1")
    ]
    for bad in ("", "  "):
        with pytest.raises(NotByHand):
            by_hand.mark_made(kind="refund", pk=refund.pk, bank_ref=bad, actor=SYSTEM, now=clock.now())
    by_hand.mark_made(kind="refund", pk=refund.pk, bank_ref="OUT 77", actor=SYSTEM, now=clock.now())
    refund.refresh_from_db()
    assert (refund.status, refund.gateway_ref) == ("done", "OUT77")
    assert waiting.to_make() == []
    with pytest.raises(NotByHand):
        by_hand.mark_made(kind="refund", pk=refund.pk, bank_ref="OUT78", actor=SYSTEM, now=clock.now())
    statement(("OUT77", f"-{order.total.digits}", "退款"))
    assert given.line("OUT77").status == "matched"


def test_the_statement_shows_a_refund_by_itself_if_it_is_whole():
    order = paid()
    refund = refund_of(order)
    statement(("B8", "-0.01", f"RF{refund.pk:06d}"))
    refund.refresh_from_db()
    assert refund.status == "sent"
    assert given.tickets() == [("unknown_line", -1)]
    statement(("B9", f"-{order.total.digits}", f"RF{refund.pk:06d}"))
    refund.refresh_from_db()
    assert (refund.status, refund.gateway_ref, given.line("B9").status) == ("done", "B9", "matched")


def payout_of(order):
    payout_account(order.store_id, number="6222021234567777")
    holds.note_warned(order_id=order.pk, now=clock.now() - timedelta(days=2))
    holds.release(order_id=order.pk, actor=SYSTEM, reason="received", now=clock.now())
    payout = payouts.prepare_payout(store_id=order.store_id, actor=SYSTEM, now=clock.now())
    return payouts.send_payout(payout_id=payout.pk, now=clock.now())


def test_a_payout_is_made_by_hand_and_shown_by_the_statement():
    payout = payout_of(paid())
    assert payout.status == "sent"
    (one,) = waiting.to_make()
    assert (one.word, one.to[2]) == (f"PO{payout.pk:06d}", "·7777")
    statement(("B9", f"-{payout.amount.digits}", one.word))
    payout.refresh_from_db()
    assert (payout.status, given.line("B9").status) == ("paid", "matched")


def test_the_list_of_transfers_is_for_staff_and_its_file_is_on_record():
    payout = payout_of(paid())
    _, staff = mediator()
    page = staff.get(reverse("console:transfers")).content.decode()
    assert f"PO{payout.pk:06d}" in page
    assert "6222021234567777" not in page
    let_time_pass(staff)
    asked = staff.post(reverse("console:transfers-file"))
    assert asked.status_code == 403 and "6222021234567777" not in asked.content.decode(), (
        "whole numbers are sealed data"
    )
    assert not AuditEntry.objects.filter(act="transfers.exported").exists()
    prove_me(staff, Act("sealed_view"))
    file = staff.post(reverse("console:transfers-file"))
    assert "6222021234567777" in file.content.decode()
    assert AuditEntry.objects.get(act="transfers.exported").facts["words"] == [f"PO{payout.pk:06d}"]
    made = reverse("console:transfer-made", args=["payout", payout.pk])
    for door in (stranger(),):
        assert door.get(reverse("console:transfers")).status_code == 404
        assert door.post(reverse("console:transfers-file")).status_code == 404
        assert door.post(made, {"bank_ref": "X"}).status_code == 404
    prove_me(staff, staff_money("payout.made", digest_of(payout.pk, "OUT9")))
    assert staff.post(made, {"bank_ref": "OUT9"}).status_code == 302
    payout.refresh_from_db()
    assert payout.status == "paid"
    assert staff.post(reverse("console:transfer-made", args=["gift", 1]), {"bank_ref": "X"}).status_code == 409
