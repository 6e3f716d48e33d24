"""Notices of money that moves after the deal: given back by the merchant, taken back by a payer's bank."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from core.money import Money
from core.outbox import Payload
from core.wording import when
from escrow.models import Chargeback, Refund
from flows.telling import order_of, tell_buyer, tell_merchant, tell_staff


def buyer_given_back(payload: Payload) -> None:
    order, refund = order_of(payload), Refund.objects.get(pk=payload["refund_id"])
    names = {"number": order.number, "back": refund.amount, "store": order.store.display_name}
    tell_buyer(order, "escrow.given_back", lambda: (
        _("%(store)s gives you %(back)s back for order %(number)s") % names,
        _("It returns the way you paid. You need not do anything."),
    ), key=str(refund.pk))  # fmt: skip


def merchant_given_back(payload: Payload) -> None:
    order, refund = order_of(payload), Refund.objects.get(pk=payload["refund_id"])
    names = {
        "number": order.number, "back": refund.amount, "fee": Money(refund.fee_back_minor, refund.currency),
    }  # fmt: skip
    tell_merchant(order, "escrow.given_back", lambda: (
        _("%(back)s of order %(number)s goes back to the buyer") % names,
        _("It is taken from your balance, and our fee of %(fee)s on it comes back to you. What the balance does not "
          "cover is netted from your next earnings.") % names,
    ), key=str(refund.pk), email=False)  # fmt: skip


def merchant_charged_back(payload: Payload) -> None:
    row = _row(payload)
    if row.hold is None:
        return
    order = order_of({"order_id": row.hold.order_id})
    names = {"amount": row.amount, "number": order.number, "why": row.reason or "–"}
    held = bool(row.taken_minor.get("escrow"))
    tell_merchant(order, "escrow.chargeback_opened", lambda: (
        _("The payer's bank took %(amount)s of order %(number)s back") % names,
        _("Its reason: %(why)s. The order stands still; do not ship before the bank has decided.") % names
        if held
        else _("Its reason: %(why)s. It is taken from your balance, our fee on it comes back to you. If the dispute is "
               "won, the money returns.") % names,
    ), key=str(row.pk), sms=True)  # fmt: skip


def merchant_chargeback_over(payload: Payload) -> None:
    row = _row(payload)
    if row.hold is None:
        return
    order = order_of({"order_id": row.hold.order_id})
    names = {"amount": row.amount, "number": order.number}
    tell_merchant(order, "escrow.chargeback_closed", lambda: (
        (_("The dispute about order %(number)s is won") % names,
         _("%(amount)s is back where it was taken from.") % names)
        if row.status == "won"
        else (_("The dispute about order %(number)s is lost") % names,
              _("The payer's bank keeps %(amount)s. Nothing more is taken for it.") % names)
    ), key=str(row.pk), sms=True)  # fmt: skip


def staff_charged_back(payload: Payload) -> None:
    row = _row(payload)
    names = {"amount": row.amount, "ref": row.gateway_ref, "why": row.reason or "–"}
    by = {"when": when(row.answer_by)} if row.answer_by else {}
    tell_staff("escrow.chargeback_opened", row.pk, lambda: (
        _("Chargeback of %(amount)s") % names,
        (_("Number %(ref)s, reason: %(why)s.") % names)
        + (" " + _("The provider takes evidence until %(when)s.") % by if by else ""),
    ), url=reverse("console:chargebacks"))  # fmt: skip


def staff_chargeback_over(payload: Payload) -> None:
    row = _row(payload)
    names = {"amount": row.amount, "ref": row.gateway_ref}
    tell_staff("escrow.chargeback_closed", row.pk, lambda: (
        _("Chargeback of %(amount)s is over") % names,
        _("Number %(ref)s: %(status)s.") % {**names, "status": row.get_status_display()},  # type: ignore[attr-defined]
    ), url=reverse("console:chargebacks"))  # fmt: skip


def _row(payload: Payload) -> Chargeback:
    return Chargeback.objects.select_related("hold").get(pk=payload["chargeback_id"])
