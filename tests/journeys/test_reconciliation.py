"""A day at the pretended bank: its statement is fetched and agrees, a tampered one does not and is explained."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from core.money import share
from escrow.models import Payout, Refund, StatementFile, StatementLine, Ticket
from escrow.queries import books, reconciliation
from escrow.tasks import fetch_statements
from tests import sandbox
from tests.journeys.deal import Deal

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.money]


def test_a_day_at_the_bank_from_payment_to_an_explained_difference():
    sandbox.book().fee_bps = 60
    fetch_statements()  # from here on every day is looked after
    deal, twice = Deal().delivered(), Deal()
    deal.buyer.submit(deal.at("shop:order-confirm"))
    twice.check_out()
    twice.pay("paid_twice")  # the second arrival goes back by itself
    twice.work()
    deal.wait(2)  # the payout leaves within the hour
    assert (Refund.objects.get().status, Payout.objects.get().status) == ("done", "paid")
    deal.wait(48)

    fetch_statements()
    kinds = sorted(StatementLine.objects.values_list("kind", "status"))
    assert kinds == [(kind, "matched") for kind in ("payment", "payment", "payment", "payout", "refund")]
    payment = StatementLine.objects.get(kind="payment", reference=deal.payment.reference)
    assert payment.fee_minor == share(deal.total, 60)
    assert not Ticket.objects.exists()
    newest = StatementFile.objects.latest("pk")
    fees = {line.key: line.balance for line in books().accounts}["provider_fees:CNY"]
    assert (fees, books().discrepancies) == (-3 * payment.fee_minor, [])
    days = reconciliation.days(since=newest.day - timedelta(days=7), until=newest.day)
    assert all(day.agrees for day in days)
    before = StatementFile.objects.count()
    fetch_statements()
    assert StatementFile.objects.count() == before

    file = StatementFile.objects.get(day=reconciliation.china_day(payment.at))
    body = json.loads(bytes(file.raw))
    next(one for one in body["rows"] if one["id"] == payment.ext_id)["gross"] -= 100
    staff = deal.mediator
    upload = SimpleUploadedFile("again.json", json.dumps(body).encode())
    fields = {"gateway": "sandbox", "day": str(file.day), "file": upload}
    kept = staff.submit(reverse("console:statement-upload"), **fields)
    assert kept.status_code == 302
    staff.submit(kept.url)
    problems = sorted(Ticket.objects.filter(status="open").values_list("problem", "amount_minor"))
    assert problems == [("amount", -100), ("changed_line", -100)]
    for ticket in Ticket.objects.filter(status="open"):
        url = reverse("console:ticket", args=[ticket.pk])
        staff.submit(url, act="explain", note="Tampered with on the way; the bank confirms ours")
    assert not Ticket.objects.filter(status="open").exists()
    payment.refresh_from_db()
    assert payment.status == "explained"
    assert books().discrepancies == []
