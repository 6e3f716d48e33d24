"""Statements against the books: each line clears a movement or becomes a ticket, fees are booked as they are said."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from core import clock
from core.actor import SYSTEM, Actor
from core.errors import NotFound
from core.models import AuditEntry
from core.money import Money
from escrow import gateways, ledger
from escrow.models import Receipt, StatementFile, StatementLine, Ticket, Transfer, TransferKind
from escrow.queries import books, ours, reconciliation
from escrow.records import custody
from escrow.services import daily_check, holds, matching, payments, payouts, refunds, tickets
from escrow.statements.reading import CHINA, BadStatement
from flows import statements as flow
from tests.escrow import disputes
from tests.escrow import statement_rows as given
from tests.escrow.statement_rows import line, row, take_in
from tests.factories.accounts import MediatorFactory
from tests.factories.escrow import (
    OrderFactory,
    ScriptedGateway,
    held,
    movement,
    open_payment,
    payout_account,
)

pytestmark = [pytest.mark.django_db, pytest.mark.money]


@pytest.fixture(autouse=True)
def books_balance():
    yield
    assert books().discrepancies == []


@pytest.fixture
def staff():
    return Actor(user_id=MediatorFactory().pk, is_mediator=True)


def provider_says() -> int:
    """What our books say lies at the provider, in minor units."""
    return -ledger.balance(ledger.account("provider:sandbox:CNY"))


def fees() -> int:
    return -ledger.balance(ledger.account("provider_fees:CNY"))


def arrival(hold) -> Receipt:
    return hold.payment.receipts.get()


def refunded(hold, minor: int):
    intent = holds.split(order_id=hold.order_id, refund_minor=minor, actor=SYSTEM, reason="ruling", now=clock.now())
    del intent
    refund = hold.refunds.get()
    with gateways.use("sandbox", ScriptedGateway()):
        return refunds.send_refund(refund_id=refund.pk, now=clock.now())


# --- what agrees ----------------------------------------------------------------------


def test_a_payment_is_found_by_the_number_of_its_arrival():
    receipt = arrival(held())
    assert take_in(row(receipt.gateway_ref, "payment", 12_800)).new == 1
    there = line(receipt.gateway_ref)
    assert there.status == "matched"
    assert Transfer.objects.get(pk=there.transfer_id).kind == TransferKind.CAPTURE
    assert given.tickets() == []


def test_a_payment_of_several_holds_is_one_line():
    first, second = OrderFactory(items_minor=7_000), OrderFactory(items_minor=5_800)
    payment = open_payment(12_800, buyer_id=first.buyer_id)
    type(payment).objects.filter(pk=payment.pk).update(reference="SB77")
    payment.refresh_from_db()
    payments.mark_paid(payment=payment, movement=movement(), now=clock.now(), actor=SYSTEM)
    for order in (first, second):
        holds.open_hold(
            order_id=order.pk, payment_id=payment.pk, store_id=order.store_id, amount=order.total, fee_bps=500,
            actor=SYSTEM, now=clock.now(),
        )  # fmt: skip
    take_in(row("TX1", "payment", 12_800, reference="SB77"))
    there = line("TX1")
    captures = Transfer.objects.filter(kind=TransferKind.CAPTURE).order_by("pk")
    assert (there.status, there.transfer_id) == ("matched", captures[0].pk)
    assert len(captures) == 2
    assert reconciliation.missing(gateway="sandbox", now=clock.now() + timedelta(days=3)) == []


def test_money_that_was_parked_and_money_that_came_twice_clear_their_own_movement():
    payment = open_payment(12_800, buyer_id=OrderFactory().buyer_id)
    type(payment).objects.filter(pk=payment.pk).update(reference="SB78")
    payment.refresh_from_db()
    for minor in (12_700, 12_800, 12_800):
        payments.park(
            payment=payment, gateway="sandbox", movement=movement(minor), reason="wrong_amount", now=clock.now()
        )
    take_in(*(row(f"TX{n}", "payment", minor, reference="SB78") for n, minor in enumerate((12_800, 12_700, 12_800))))
    cleared = [line(f"TX{n}") for n in range(3)]
    assert {one.status for one in cleared} == {"matched"}
    assert len({one.transfer_id for one in cleared}) == 3
    assert [Transfer.objects.get(pk=one.transfer_id).amount for one in cleared] == [12_800, 12_700, 12_800]


@pytest.mark.parametrize("names", ["gateway_ref", "key", "payment"])
def test_a_refund_is_found_by_its_number_its_key_or_its_payment(names):
    hold = held()
    type(hold.payment).objects.filter(pk=hold.payment_id).update(reference="SB79")
    refund = refunded(hold, 2_800)
    reference = {"gateway_ref": refund.gateway_ref, "key": f"refund-{refund.pk}", "payment": "SB79"}[names]
    take_in(row("TX1", "payment", 12_800, reference="SB79"), row("TX2", "refund", -2_800, reference=reference))
    assert (line("TX1").status, line("TX2").status) == ("matched", "matched")
    assert Transfer.objects.get(pk=line("TX2").transfer_id).kind == TransferKind.REFUND_DONE


def paid_out(minor: int = 12_800):
    hold = held(minor, fee_bps=0)
    payout_account(hold.store_id)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout = payouts.prepare_payout(store_id=hold.store_id, actor=SYSTEM, now=clock.now())
    with gateways.use("sandbox", ScriptedGateway()):
        return hold, payouts.send_payout(payout_id=payout.pk, now=clock.now())


def test_a_payout_is_found():
    hold, payout = paid_out()
    take_in(
        row(arrival(hold).gateway_ref, "payment", 12_800),
        row("PO1", "payout", -12_800, reference=f"payout:{payout.pk}"),
    )
    assert line("PO1").status == "matched"
    assert Transfer.objects.get(pk=line("PO1").transfer_id).kind == TransferKind.PAYOUT_DONE


def test_a_payout_that_the_bank_sent_back_is_two_lines():
    _, payout = paid_out()
    bank = ScriptedGateway()
    bank.done[f"payout:{payout.pk}"] = payout.amount
    bank.sent_back[f"payout:{payout.pk}"] = "account closed"
    with gateways.use("sandbox", bank):
        payouts.watch_payout(payout_id=payout.pk, now=clock.now())
    key = f"payout:{payout.pk}"
    take_in(row("PO1", "payout", -12_800, reference=key), row("PO1-back", "payment", 12_800, reference=key))
    kinds = [Transfer.objects.get(pk=line(ext_id).transfer_id).kind for ext_id in ("PO1", "PO1-back")]
    assert kinds == [TransferKind.PAYOUT_DONE, TransferKind.PAYOUT_RETURNED]


def test_a_chargeback_of_several_parts_is_one_line():
    """10,000 of it was the merchant's, 2,800 had gone back to the buyer before: two transfers each way."""
    hold = held()
    refunded(hold, 2_800)
    rows = disputes.dispute(hold, 12_800)
    disputes.close(rows, "won")
    ref = rows[0].gateway_ref
    assert Transfer.objects.filter(kind=TransferKind.CHARGEBACK).count() == 2
    assert [one.minor for one in ours.chargebacks("sandbox", {ref})] == [-12_800, 12_800]
    take_in(
        row("CB1", "chargeback", -12_800, fee=1_500, reference=ref),
        row("CB2", "chargeback", 12_800, fee=-1_500, reference=ref),
    )
    assert (line("CB1").status, line("CB2").status) == ("matched", "matched")
    assert fees() == 0
    assert Transfer.objects.filter(kind=TransferKind.PROVIDER_FEE).count() == 2
    late = clock.now() + timedelta(days=3)
    assert {one.minor for one in reconciliation.missing(gateway="sandbox", now=late)} == {12_800, -2_800}


# --- fees ----------------------------------------------------------------------


def test_the_fee_is_booked_from_the_line_and_only_once():
    receipt = arrival(held())
    rows = (row(receipt.gateway_ref, "payment", 12_800, fee=77), row("FEE1", "fee", 0, fee=500))
    for _ in range(2):
        take_in(*rows)
    assert (fees(), provider_says()) == (577, 12_800 - 577)
    booked = Transfer.objects.filter(kind=TransferKind.PROVIDER_FEE).order_by("pk")
    assert [(one.ref, one.amount) for one in booked] == [(line(receipt.gateway_ref).pk, 77), (line("FEE1").pk, 500)]


def test_a_fee_that_came_back_with_a_refund():
    hold = held()
    refund = refunded(hold, 2_800)
    take_in(
        row(arrival(hold).gateway_ref, "payment", 12_800, fee=77),
        row("TX2", "refund", -2_800, fee=-17, reference=refund.gateway_ref),
    )
    assert (fees(), provider_says()) == (60, 10_000 - 60)


def test_the_fee_of_an_unknown_line_waits_until_it_is_explained(staff):
    take_in(row("TX9", "other", -3_000, fee=25))
    assert fees() == 0
    ticket = Ticket.objects.get()
    tickets.explain(ticket_id=ticket.pk, note="Test charge of the provider", actor=staff, now=clock.now())
    assert (fees(), line("TX9").status) == (25, "explained")


# --- what does not ----------------------------------------------------------------------


def test_another_amount_differs_and_is_ticketed():
    receipt = arrival(held())
    take_in(row(receipt.gateway_ref, "payment", 12_700, fee=76))
    assert line(receipt.gateway_ref).status == "differs"
    assert given.tickets() == [("amount", -100)]
    assert fees() == 76


def test_another_currency_differs():
    receipt = arrival(held())
    take_in(row(receipt.gateway_ref, "payment", 12_800, currency="USD"))
    assert line(receipt.gateway_ref).status == "differs"
    assert given.tickets() == [("amount", 12_800)]


def test_a_line_of_the_other_sign_is_not_ours():
    receipt = arrival(held())
    take_in(row(receipt.gateway_ref, "other", -12_800))
    assert line(receipt.gateway_ref).status == "unknown"


def test_one_movement_clears_one_line():
    receipt = arrival(held())
    type(receipt.payment).objects.filter(pk=receipt.payment_id).update(reference="SB80")
    take_in(row("TX1", "payment", 12_800, reference="SB80"), row("TX2", "payment", 12_800, reference="SB80"))
    assert (line("TX1").status, line("TX2").status) == ("matched", "unknown")
    assert given.tickets() == [("unknown_line", 12_800)]


def test_what_was_unknown_is_looked_at_again_when_ours_has_come():
    hold = held()
    take_in(row("TX2", "refund", -2_800, reference=f"refund:{10**6}"))
    assert given.tickets() == [("unknown_line", -2_800)]
    refund = refunded(hold, 2_800)
    StatementLine.objects.filter(ext_id="TX2").update(reference=f"refund:{refund.pk}")
    assert matching.match(gateway="sandbox", now=clock.now()).matched == 1
    assert (given.tickets(), given.tickets("closed")) == ([], [("unknown_line", -2_800)])


# --- the same file, and a corrected one ----------------------------------------------------------------------


def test_the_same_bytes_are_one_file_and_the_same_lines_change_nothing():
    receipt = arrival(held())
    at = clock.now()
    first = row(receipt.gateway_ref, "payment", 12_800, fee=77, at=at)
    assert take_in(first).new == 1
    transfers = Transfer.objects.count()
    assert take_in(first) == (taken := take_in(first))
    assert (taken.new, taken.same, taken.changed) == (0, 1, 0)
    again = take_in(first, row("FEE1", "fee", 0, fee=1, at=at))
    assert (again.new, again.same, again.changed) == (1, 1, 0)
    assert (StatementFile.objects.count(), StatementLine.objects.count()) == (2, 2)
    assert Transfer.objects.count() == transfers + 1
    assert given.tickets() == []


def test_a_correction_is_ticketed_compared_anew_and_its_fee_corrected(staff):
    receipt = arrival(held())
    take_in(row(receipt.gateway_ref, "payment", 12_800, fee=77))
    taken = take_in(row(receipt.gateway_ref, "payment", 12_700, fee=70))
    assert (taken.new, taken.changed) == (0, 1)
    assert (line(receipt.gateway_ref).status, fees()) == ("differs", 70)
    assert given.tickets() == [("amount", -100), ("changed_line", -93)]
    entry = AuditEntry.objects.get(act="ticket.line_changed")
    assert (entry.facts["was_gross_minor"], entry.facts["was_fee_minor"]) == (12_800, 77)
    for ticket in Ticket.objects.filter(status="open"):
        tickets.explain(ticket_id=ticket.pk, note="their mistake", actor=staff, now=clock.now())
    assert line(receipt.gateway_ref).status == "explained"
    take_in(row(receipt.gateway_ref, "payment", 12_800, fee=77))
    assert (line(receipt.gateway_ref).status, fees()) == ("matched", 77)
    assert given.tickets() == [("changed_line", 93)]  # corrected back: open once more


def test_a_golden_re_issue_of_alipay():
    """The refund of 28.00 is 38.00 in the second file; nothing else is changed."""
    from pathlib import Path

    folder = Path(__file__).parent / "statements"
    day = date(2026, 11, 2)
    first = given.take_in_raw((folder / "alipay.zip").read_bytes(), gateway="alipay", day=day)
    second = given.take_in_raw((folder / "alipay_reissued.zip").read_bytes(), gateway="alipay", day=day)
    assert (first.new, first.changed) == (6, 0)
    assert (second.new, second.same, second.changed) == (0, 5, 1)
    assert ("changed_line", -1_000) in given.tickets()
    assert -ledger.balance(ledger.account("provider_fees:CNY")) == 77 + 1_230


def test_a_file_that_cannot_be_read_changes_nothing():
    with pytest.raises(BadStatement):
        take_in(row("", "payment", 1))
    with pytest.raises(NotFound):
        flow.take_in(file_id=10**9, actor=SYSTEM, now=clock.now())
    assert not StatementLine.objects.exists()


# --- what has no line ----------------------------------------------------------------------


def test_ours_without_a_line_becomes_a_ticket_after_days_and_goes_when_the_line_comes(settings):
    take_in(row("FEE0", "fee", 0, fee=1), day=reconciliation.china_day(clock.now()))
    receipt = arrival(held())
    later = clock.now() + timedelta(days=settings.STATEMENT_MISSING_DAYS, hours=1)
    assert daily_check.look_for_missing(gateway="sandbox", now=clock.now() + timedelta(days=1)) == 0
    assert daily_check.look_for_missing(gateway="sandbox", now=later) == 1
    assert daily_check.look_for_missing(gateway="sandbox", now=later) == 0
    assert given.tickets() == [("missing_line", 12_800)]
    take_in(row(receipt.gateway_ref, "payment", 12_800))
    assert (given.tickets(), given.tickets("closed")) == ([], [("missing_line", 12_800)])


def test_what_was_before_the_first_statement_is_not_missed():
    held()
    Transfer.objects.count()
    take_in(row("FEE0", "fee", 0, fee=1), day=reconciliation.china_day(clock.now()) + timedelta(days=1))
    assert reconciliation.missing(gateway="sandbox", now=clock.now() + timedelta(days=5)) == []


# --- closing balances ----------------------------------------------------------------------


def test_a_closing_balance_that_agrees_and_one_that_does_not():
    receipt = arrival(held())
    take_in(row(receipt.gateway_ref, "payment", 12_800, fee=77), closing=12_723)
    assert given.tickets() == []
    take_in(row(receipt.gateway_ref, "payment", 12_800, fee=77), closing=12_700)
    assert given.tickets() == [("balance", -23)]
    day = reconciliation.days(since=date(2020, 1, 1), until=date(2099, 1, 1))[0]
    assert (day.closing, day.books, day.agrees) == (Money(12_700), Money(12_723), False)
    take_in(row(receipt.gateway_ref, "payment", 12_800, fee=77), row("F", "fee", 0, fee=23), closing=12_700)
    assert (given.tickets(), given.tickets("closed")) == ([], [("balance", -23)])


def test_a_movement_at_midnight_counts_by_the_providers_clock():
    """Paid at 23:59:59 there, booked here a second later: the day's balance agrees all the same."""
    receipt = arrival(held())
    capture = Transfer.objects.get(kind=TransferKind.CAPTURE)
    midnight = datetime.combine(reconciliation.china_day(capture.at), datetime.min.time(), CHINA)
    yesterday = midnight.date() - timedelta(days=1)
    at = midnight - timedelta(seconds=1)
    take_in(row(receipt.gateway_ref, "payment", 12_800, at=at.astimezone(UTC)), closing=12_800, day=yesterday)
    assert given.tickets() == []
    assert reconciliation.balance_at("sandbox", "CNY", midnight) == Money(12_800)


def test_custody_takes_the_newest_closing_of_a_provider_that_cannot_be_asked():
    receipt = arrival(held())
    with gateways.use("sandbox", ScriptedGateway()):
        assert custody._balances("CNY", clock.now())[0]["source"] == "books"
        take_in(row(receipt.gateway_ref, "payment", 12_800), closing=12_000, day=reconciliation.china_day(clock.now()))
        told = custody._balances("CNY", clock.now())[0]
    assert (told["source"], told["minor"]) == ("statement", 12_000)
