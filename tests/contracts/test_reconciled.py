"""A day at each provider as the shop books it, and as the provider's own statement tells it: every line finds ours."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core import clock
from core.actor import SYSTEM
from escrow import gateways
from escrow.gateways.base import GivesStatements
from escrow.ledger import account, balance
from escrow.models import Refund, StatementLine, Ticket
from escrow.queries import books, hold_of, reconciliation
from escrow.services import payments, refunds, statement_files, steps
from flows import chargebacks, purchase
from flows import statements as flow
from tests.contracts.partners import deal_with, partners
from tests.stories import fresh, placed_order

pytestmark = [pytest.mark.django_db, pytest.mark.money]
OURS = {name: partner for name, partner in partners().items() if name in flow.READERS}


@pytest.fixture(params=list(OURS))
def deal(request, bank, shop, settings):
    """The shop is paid by this provider, which keeps 60 basis points."""
    settings.PAYMENT_GATEWAYS = [request.param]
    deal = deal_with(OURS[request.param], bank, shop, timeout_seconds=10)
    deal.book.fee_bps = 60
    with gateways.use(request.param, deal.gateway):
        yield deal
    assert books().discrepancies == []


def paid(deal):
    """An order whose money arrived there and is held here."""
    order = placed_order()
    deal.partner.visit(payments.start_payment(payment_id=order.payment_id))
    known = {charge.ref for charge in deal.book.charges.values() if charge.arrivals}
    (charge,) = [charge for charge in deal.book.charges.values() if charge.ref not in known]
    deal.book.pay(charge.ref)
    purchase.settle_payment(payment_id=order.payment_id, now=clock.now())
    assert hold_of(order.pk).rest == order.total
    return fresh(order), charge


def sent_back(order, minor: int) -> None:
    steps.refund_part(
        order_id=order.pk, amount_minor=minor, actor=SYSTEM, reason="some of it was broken", now=clock.now()
    )
    for refund in Refund.objects.exclude(status="done"):
        refunds.send_refund(refund_id=refund.pk, now=clock.now())
    assert set(Refund.objects.values_list("status", flat=True)) == {"done"}


def take_in(deal):
    assert isinstance(deal.gateway, GivesStatements)
    day = datetime.now(ZoneInfo(deal.partner.zone)).date()
    file = statement_files.keep(
        gateway=deal.gateway.name, day=day, statement=deal.gateway.statement(day=day), handed_in_by=None, currency="",
        now=clock.now(),
    )  # fmt: skip
    return flow.take_in(file_id=file.pk, actor=SYSTEM, now=clock.now())


def test_every_line_of_a_day_is_matched_and_the_fee_is_booked(deal):
    first, _ = paid(deal)
    second, _ = paid(deal)
    for minor in (1_000, 1_000, 500):  # two of the same amount of one payment
        sent_back(first, minor)
    take_in(deal)
    lines = StatementLine.objects.values_list("kind", "gross_minor", "status")
    assert sorted(line for line in lines if line[0] != "fee") == sorted(
        [("payment", first.total_minor, "matched"), ("payment", second.total_minor, "matched"),
         ("refund", -1_000, "matched"), ("refund", -1_000, "matched"), ("refund", -500, "matched")]
    )  # fmt: skip
    cleared = [pk for pk in StatementLine.objects.values_list("transfer_id", flat=True) if pk]
    assert len(set(cleared)) == len(cleared) == 5
    assert list(Ticket.objects.values_list("problem", "amount_minor")) == []
    there = deal.book.balance("CNY")
    assert -balance(account(f"provider:{deal.gateway.name}:CNY")) == there
    fees = -balance(account("provider_fees:CNY"))
    assert fees == first.total_minor + second.total_minor - 2_500 - there > 0
    today = reconciliation.china_day(clock.now())
    days = reconciliation.days(since=today - timedelta(days=2), until=today + timedelta(days=1))
    assert [day.agrees for day in days if day.closing is not None].count(False) == 0
    again = take_in(deal)
    assert (again.new, again.changed) == (0, 0)


@pytest.mark.needs("TellsDisputes")
def test_a_dispute_that_is_won_is_two_lines_that_agree(deal):
    _, charge = paid(deal)
    row = deal.book.open_dispute(charge.ref, minor=4_000)
    chargebacks.dispute_changed(gateway=deal.gateway.name, ref=row.ref, now=clock.now())
    deal.book.decide_dispute(row.ref, "won")
    chargebacks.dispute_changed(gateway=deal.gateway.name, ref=row.ref, now=clock.now())
    take_in(deal)
    lines = StatementLine.objects.filter(kind="chargeback").values_list("gross_minor", "status")
    assert sorted(lines) == [(-4_000, "matched"), (4_000, "matched")]
    assert not Ticket.objects.exists()
