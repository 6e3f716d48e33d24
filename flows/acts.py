"""What a reader may do about a deal now, and the steps it has come through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from escrow.models import Hold
from flows.case_sentences import case_act
from flows.facts import BUYER, MERCHANT, Facts
from logistics.states import ShipmentStatus
from shop.models import Order
from shop.states import Kind, OrderStatus

MISSING = (ShipmentStatus.LOST, ShipmentStatus.EXCEPTION)  # nothing a buyer could confirm


@dataclass(frozen=True, slots=True)
class Step:
    """One of paid → held → shipped → delivered → released. ``state``: done, now, todo, stopped."""

    key: str
    label: str
    at: datetime | None
    state: str


@dataclass(frozen=True, slots=True)
class Act:
    """Something the reader may do now; an irreversible one repeats the amount in its label."""

    key: str
    label: str
    url: str
    method: str = "get"
    primary: bool = False


def acts_of(f: Facts) -> list[Act]:
    """What the reader may do now, the primary act first."""
    if f.viewer == BUYER:
        return _buyer_acts(f)
    return _merchant_acts(f) if f.viewer == MERCHANT else []


def steps_of(order: Order, hold: Hold | None) -> list[Step]:
    """Paid → held → shipped → delivered → released, or where it stopped; a step to come is not called done."""
    if order.status == OrderStatus.CANCELLED:
        return [Step("cancelled", _("Cancelled"), order.closed_at, "stopped")]
    released = order.closed_at if order.status == OrderStatus.COMPLETED else None
    marks = [
        ("paid", _("Paid"), _("Awaiting payment"), order.paid_at),
        ("held", _("Held"), _("To be held"), hold.opened_at if hold else None),
        ("shipped", _("Shipped"), _("To be shipped"), order.shipped_at),
        ("delivered", _("Delivered"), _("To be delivered"), order.delivered_at),
        ("released", _("Released"), _("To be released"), released),
    ]
    if order.status == OrderStatus.REFUNDED:
        marks = [mark for mark in marks[:4] if mark[3]] + [("refunded", _("Refunded"), "", order.closed_at)]
    steps, current = [], True
    if order.kind == Kind.CODE:
        marks = [mark for mark in marks if mark[0] != "shipped"]
    for key, done, to_do, at in marks:
        state = "done" if at or released else "now" if current else "todo"
        current = current and state == "done"
        steps.append(Step(key, done if state == "done" else to_do, at, state))
    return steps


def _buyer_acts(f: Facts) -> list[Act]:
    order, number = f.order, f.order.number
    names = {"amount": order.total}
    cancel = Act("cancel", _("Cancel this order"), reverse("shop:order-cancel", args=[number]), "post")
    if order.in_case and f.case is not None:
        url = reverse("disputes:case", args=[f.case.number])
        to_case = Act("case", _("Go to the after-sale case"), url, primary=True)
        return [to_case, _codes(number)] if order.kind == Kind.CODE and order.delivered_at else [to_case]
    if order.status == OrderStatus.PENDING and order.payment_id:
        pay = Act("pay", _("Pay %(amount)s") % names, reverse("shop:payment", args=[order.payment_id]), primary=True)
        return [pay, cancel]
    if order.kind == Kind.CODE and order.status != OrderStatus.PENDING:
        return _code_acts(f)
    claim = Act("case", _("Something is wrong"), reverse("disputes:case-new", args=[number]))
    late = order.shipped_at is None and ("order.ship_by" not in f.clocks or order.store.is_halted)
    if order.status == OrderStatus.PAID or (order.status == OrderStatus.SHIPPED and order.shipped_at is None):
        back = Act("cancel", _("Cancel and get %(amount)s back") % names, cancel.url, "get", primary=True)
        return [back, claim] if late else [claim]
    if order.status == OrderStatus.SHIPPED and f.parcel is not None and f.parcel.status in MISSING:
        return [Act("case", claim.label, claim.url, primary=True)]
    if order.status in (OrderStatus.SHIPPED, OrderStatus.DELIVERED):
        url = reverse("shop:order-confirm", args=[number])
        confirm = Act("confirm", _("Check and confirm receipt"), url, primary=order.status == OrderStatus.DELIVERED)
        extend = Act("extend", _("I need more time"), reverse("shop:order-extend", args=[number]), "post")
        may_extend = order.status == OrderStatus.DELIVERED and not order.extended
        return [confirm, claim, extend] if may_extend else [confirm, claim]
    return []


def _merchant_acts(f: Facts) -> list[Act]:
    order, number = f.order, f.order.number
    if order.in_case and f.case is not None:
        needed = case_act(f.case, f.back)
        url = reverse("merchant:case", args=[f.case.number])
        return [Act("case", needed or _("Go to the case"), url, primary=bool(needed))]
    if order.kind == Kind.CODE and order.status in (OrderStatus.PAID, OrderStatus.DELIVERED):
        return _merchants_code_acts(f)
    if order.status == OrderStatus.PAID:
        cancel = reverse("merchant:order-cancel", args=[number])
        return [
            Act("ship", _("Ship this order"), "#ship", primary=True),
            Act("cancel", _("Cannot ship: refund %(amount)s") % {"amount": order.total}, cancel, "post"),
        ]
    if order.status == OrderStatus.DELIVERED:
        return [Act("grant", _("Give the buyer more time"), reverse("merchant:order-grant", args=[number]), "post")]
    if order.status == OrderStatus.COMPLETED and f.hold and f.hold.released_minor > f.hold.returned_minor:
        return [Act("refund", _("Give money back"), reverse("merchant:order-refund", args=[number]))]
    return []


def _codes(number: str, *, primary: bool = False) -> Act:
    return Act("codes", _("Open your codes"), reverse("shop:order-codes", args=[number]), primary=primary)


def _code_acts(f: Facts) -> list[Act]:
    """What a buyer of codes may do: before all, read them."""
    order, number = f.order, f.order.number
    claim = Act("case", _("Something is wrong"), reverse("disputes:case-new", args=[number]))
    if order.status == OrderStatus.PAID:
        words, url = _("Cancel and get %(amount)s back"), reverse("shop:order-cancel", args=[number])
        late = "code.deliver_by" not in f.clocks or order.store.is_halted
        return [Act("cancel", words % {"amount": order.total}, url, "get", primary=True), claim] if late else [claim]
    if order.status == OrderStatus.COMPLETED:
        return [_codes(number)]
    if order.status != OrderStatus.DELIVERED:
        return []
    acts = [
        _codes(number, primary=True),
        claim,
        Act("confirm", _("Check and confirm receipt"), reverse("shop:order-confirm", args=[number])),
    ]
    extend = Act("extend", _("I need more time"), reverse("shop:order-extend", args=[number]), "post")
    return acts if order.extended else [*acts, extend]


def _merchants_code_acts(f: Facts) -> list[Act]:
    """What a merchant may do about codes: hand in more, or give the money back while there are none."""
    order, number = f.order, f.order.number
    if order.status == OrderStatus.DELIVERED:
        return []
    cancel = reverse("merchant:order-cancel", args=[number])
    words = _("Cannot deliver: refund %(amount)s") % {"amount": order.total}
    return [Act("supply", _("Hand in codes"), "#items", primary=True), Act("cancel", words, cancel, "post")]
