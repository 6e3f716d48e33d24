"""What a merchant's order page shows beside the deal itself: is it safe to ship, and what is paid in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from core.money import Money, share
from escrow.states import HoldStatus
from flows.deal import Deal, deal
from flows.release import grants_left
from shop.forms.merchant import ShipForm
from shop.models import Order
from shop.queries.codes import pieces_of
from shop.states import Kind, OrderStatus

NEEDED = ("name", "phone", "province", "city", "street")


@dataclass(frozen=True, slots=True)
class Check:
    """One question before shipping. ``tone``: safe, danger, or wait (read it yourself)."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Pay:
    """What the merchant gets: gross minus fee is net. ``is_final`` once the money has moved."""

    gross: Money
    fee: Money
    net: Money
    percent: str
    is_final: bool


def order_page(order: Order, *, form: ShipForm, now: datetime) -> dict[str, Any]:
    """The page's context. ``order`` comes with its store, buyer, payment and hold."""
    view = deal(order_id=order.pk, viewer="merchant", now=now, order=order)
    is_code = order.kind == Kind.CODE
    can_grant = order.status == OrderStatus.DELIVERED and not order.in_case and bool(view.rules.grant_days)
    return {
        "deal": view,
        "order": order,
        "buyer": order.buyer,
        "form": form,
        "is_paid": view.hold is not None,
        "is_code": is_code,
        "pieces": pieces_of(order.pk) if is_code and order.delivered_at else [],
        "checks": checks(view) if order.status == OrderStatus.PAID and not is_code else [],
        "pay": pay(view),
        "can_ship": order.status == OrderStatus.PAID and not order.in_case and not is_code,
        "can_cancel": order.status == OrderStatus.PAID and not order.in_case,
        "grants": grants_left(order_id=order.pk, rules=view.rules) if can_grant else None,
        "cancel": next((act for act in view.acts if act.key == "cancel"), None),
        "give_back": next((act for act in view.acts if act.key == "refund"), None),
        "leading": [act for act in view.acts if act.primary],
    }


def checks(view: Deal) -> list[Check]:
    """May this parcel leave the house?"""
    order, hold = view.order, view.hold
    held = hold is not None and hold.status == HoldStatus.HELD and view.problem is None
    amount = {"amount": order.total}
    found = [
        Check("safe", _("Payment verified: %(amount)s is held by the platform.") % amount)
        if held
        else Check("danger", _("Do not ship: the money is not held, or it is frozen."))
    ]
    missing = [key for key in NEEDED if not str(order.address.get(key, "")).strip()]
    found.append(
        Check("danger", _("The address is not complete. Cancel, or ask the platform, before you ship."))
        if missing
        else Check("safe", _("The address is complete. It cannot be changed any more: ship to it and nowhere else."))
    )
    if order.note:
        found.append(Check("wait", _("The buyer has left a note: read it before you pack.")))
    return found


def pay(view: Deal) -> Pay | None:
    """The fee that was printed when the order was placed, and what is left; None where nothing was or will be paid."""
    order, hold = view.order, view.hold
    if order.status == OrderStatus.CANCELLED:
        return None
    percent = f"{order.fee_bps / 100:g}"
    if hold is not None and hold.closed_at is not None:
        gross, fee = hold.released_minor, hold.fee_taken_minor
    else:
        gross = hold.amount_minor - hold.refunded_minor if hold else order.total_minor
        fee = share(gross, order.fee_bps)
    whole, part, net = (Money(minor, order.currency) for minor in (gross, fee, gross - fee))
    return Pay(whole, part, net, percent=percent, is_final=bool(hold and hold.closed_at))
