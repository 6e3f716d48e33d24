"""The money sentence: where the money is, what happens next, when, unless who does what (PAGES.md, laws 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from core.models import Deadline
from core.money import Money
from core.wording import day, when
from disputes.models import Case
from disputes.states import MONEY_REMEDIES, CaseStatus
from escrow.models import Hold
from logistics.models import Shipment
from logistics.states import ShipmentStatus
from shop.models import Order
from shop.states import OrderStatus

BUYER, MERCHANT, STAFF = "buyer", "merchant", "staff"


@dataclass(frozen=True, slots=True)
class Clock:
    """When something happens by itself; ``reason`` says why a paused one stands still."""

    kind: str
    due_at: datetime
    paused: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """``tone``: safe (green), wait (amber: somebody is waiting for you), danger (red), done (quiet)."""

    text: str
    tone: str
    clock: Clock | None = None
    needs: str = ""  # who must act: buyer, merchant, mediator, or nobody


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sentence is made of; loaded by flows.deal."""

    order: Order
    viewer: str
    now: datetime
    hold: Hold | None = None
    case: Case | None = None
    parcel: Shipment | None = None
    problem: Money | None = None  # money that arrived and does not fit
    clocks: Mapping[str, Deadline] = field(default_factory=dict)

    @property
    def mine(self) -> bool:
        return self.viewer == BUYER

    def clock(self, kind: str) -> Clock | None:
        row = self.clocks.get(kind)
        if row is None:
            return None
        reasons = {"case": _("an after-sale case is open"), "parcel": _("there is a problem with the parcel")}
        return Clock(kind, row.due_at, row.paused_at is not None, reasons.get(row.pause_reason, row.pause_reason))

    def at(self, kind: str) -> str:
        row = self.clocks.get(kind)
        return when(row.due_at) if row else ""


def sentence(facts: Facts) -> Sentence:
    """Say it for one order and one reader."""
    if facts.order.in_case and facts.case is not None:
        return _in_case(facts)
    return _BY_STATUS[OrderStatus(facts.order.status)](facts)


def _pending(f: Facts) -> Sentence:
    clock = f.clock("order.pay_by")
    if f.problem is not None:
        text = (
            _("%(got)s arrived, which is not what this order asks for. It is kept apart and goes back to you; please "
              "pay the right amount by %(when)s.") % {"got": f.problem, "when": f.at("order.pay_by")}
            if f.mine
            else _("Do not ship: the payment is not verified.")
        )  # fmt: skip
        return Sentence(text, "danger", clock, BUYER)
    if f.mine:
        return Sentence(
            _("Pay by %(when)s; then the order is cancelled.") % {"when": f.at("order.pay_by")}, "wait", clock, BUYER
        )
    return Sentence(_("Waiting for the buyer's payment. Do not ship yet."), "done", clock, BUYER)


def _paid(f: Facts) -> Sentence:
    ship_by, never = f.clock("order.ship_by"), f.clock("order.never_shipped")
    names = {"amount": f.order.total, "when": f.at("order.ship_by"), "end": f.at("order.never_shipped")}
    if ship_by is None:  # its deadline has passed
        text = (
            _("The merchant is late. You may cancel now and get %(amount)s back at once; otherwise it returns by "
              "itself on %(end)s.")
            if f.mine
            else _("You are late: the buyer may cancel at any moment, and on %(end)s %(amount)s returns to him.")
        )  # fmt: skip
        return Sentence(text % names, "danger", never, MERCHANT)
    text = (
        _("%(amount)s is held by the platform. The merchant must ship by %(when)s; if it is never shipped, it returns "
          "to you on %(end)s.")
        if f.mine
        else _("%(amount)s is paid and held: ship by %(when)s, or the buyer may cancel and is refunded.")
    )  # fmt: skip
    return Sentence(text % names, "safe" if f.mine else "wait", ship_by, MERCHANT)


def _shipped(f: Facts) -> Sentence:
    if f.order.shipped_at is None:
        return _packed(f)
    status = f.parcel.status if f.parcel else ""
    names = {"amount": f.order.total, "eta": _eta(f.parcel), "place": f.parcel.pickup_place if f.parcel else ""}
    tone, needs = "safe", ""
    if status in (ShipmentStatus.EXCEPTION, ShipmentStatus.LOST, ShipmentStatus.RETURNING, ShipmentStatus.RETURNED):
        text, tone = _("There is a problem with the parcel. %(amount)s stays held and does not move."), "danger"
    elif status == ShipmentStatus.AWAITING_COLLECTION:
        text, tone, needs = (
            _("The parcel waits at %(place)s. %(amount)s stays held until it is collected."),
            "wait",
            BUYER,
        )
    elif status == ShipmentStatus.OUT_FOR_DELIVERY:
        text = _("The parcel is out for delivery. %(amount)s stays held.")
    elif names["eta"]:
        text = _("%(amount)s is still held; the parcel is expected %(eta)s.")
    else:
        text = _("%(amount)s is still held while the parcel is on its way.")
    if not f.mine:
        text = text + " " + _("The inspection time starts when it is delivered.")
    return Sentence(text % names, tone, f.clock("order.assume_delivered"), needs)


def _packed(f: Facts) -> Sentence:
    ship_by = f.clock("order.ship_by")
    names = {"amount": f.order.total, "when": f.at("order.ship_by"), "end": f.at("order.never_shipped")}
    if ship_by is None:
        text = (
            _(
                "Packed, but the carrier has not had it in time. You may cancel now; otherwise %(amount)s returns on "
                "%(end)s."
            )
            if f.mine
            else _("The carrier has not scanned the parcel in time: the buyer may cancel at any moment.")
        )
        return Sentence(text % names, "danger", f.clock("order.never_shipped"), MERCHANT)
    text = (
        _("Packed; the carrier must have it by %(when)s. %(amount)s stays held.")
        if f.mine
        else _("Packed. It counts as shipped with the carrier's first scan, which must come by %(when)s.")
    )
    return Sentence(text % names, "safe", ship_by, MERCHANT)


def _eta(parcel: Shipment | None) -> str:
    if parcel is None or parcel.eta_to is None:
        return ""
    return _("by %(day)s") % {"day": day(parcel.eta_to)}


def _delivered(f: Facts) -> Sentence:
    clock = f.clock("escrow.release")
    names = {"amount": f.order.total, "when": f.at("escrow.release")}
    if clock is not None and clock.paused:
        return Sentence(_("The clock stands still; %(amount)s stays held.") % names, "wait", clock)
    text = (
        _("Please check what you received. %(amount)s is held and goes to the merchant on %(when)s, unless you say "
          "that something is wrong.")
        if f.mine
        else _("Delivered. %(amount)s less the fee comes to you when the buyer confirms, or by itself on %(when)s.")
    )  # fmt: skip
    return Sentence(text % names, "wait" if f.mine else "safe", clock, BUYER)


def _completed(f: Facts) -> Sentence:
    hold, order = f.hold, f.order
    closed = when(order.closed_at) if order.closed_at else ""
    if hold is None:
        return Sentence(_("Completed on %(when)s.") % {"when": closed}, "done")
    net = Money(hold.released_minor - hold.fee_taken_minor, hold.currency)
    names = {
        "when": closed,
        "released": Money(hold.released_minor, hold.currency),
        "back": Money(hold.refunded_minor, hold.currency),
        "net": net,
        "fee": Money(hold.fee_taken_minor, hold.currency),
    }
    if hold.refunded_minor:
        text = (
            _("Settled on %(when)s: %(back)s went back to you, %(released)s to the merchant.")
            if f.mine
            else _("Settled on %(when)s: %(back)s went back to the buyer; you received %(net)s after a fee of %(fee)s.")
        )
    else:
        text = (
            _("%(released)s was paid to the merchant on %(when)s.")
            if f.mine
            else _("Released on %(when)s: %(net)s = %(released)s − fee %(fee)s, at your bank within 24 hours.")
        )
    return Sentence(text % names, "done")


def _refunded(f: Facts) -> Sentence:
    closed = when(f.order.closed_at) if f.order.closed_at else ""
    back = Money(f.hold.refunded_minor, f.hold.currency) if f.hold else f.order.total
    text = (
        _("%(back)s goes back the way you paid, since %(when)s.")
        if f.mine
        else _("%(back)s went back to the buyer on %(when)s. Do not ship.")
    )
    return Sentence(text % {"back": back, "when": closed}, "done")


def _cancelled(f: Facts) -> Sentence:
    if f.problem is not None and f.mine:
        return Sentence(_("Cancelled. %(got)s that arrived goes back to you.") % {"got": f.problem}, "danger")
    return Sentence(_("Cancelled before it was paid; no money is held."), "done")


_BY_STATUS: dict[OrderStatus, Callable[[Facts], Sentence]] = {
    OrderStatus.PENDING: _pending,
    OrderStatus.PAID: _paid,
    OrderStatus.SHIPPED: _shipped,
    OrderStatus.DELIVERED: _delivered,
    OrderStatus.COMPLETED: _completed,
    OrderStatus.REFUNDED: _refunded,
    OrderStatus.CANCELLED: _cancelled,
}


def _in_case(f: Facts) -> Sentence:
    case = f.case
    assert case is not None
    rest = f.hold.rest if f.hold else f.order.total
    kind = _CASE_CLOCK.get(CaseStatus(case.status), "")
    names = {"amount": rest, "want": case.amount, "when": f.at(kind)}
    buyer_text, merchant_text, needs = _case_words(case)
    tone = "wait" if needs == f.viewer else "safe"
    return Sentence((buyer_text if f.mine else merchant_text) % names, tone, f.clock(kind), needs)


_CASE_CLOCK = {
    CaseStatus.OPEN: "case.answer_by",
    CaseStatus.OFFERED: "case.escalate_by",
    CaseStatus.REFUSED: "case.escalate_by",
    CaseStatus.RETURN_DUE: "case.return_by",
    CaseStatus.RETURN_SENT: "case.inspect_by",
    CaseStatus.RESEND_DUE: "case.resend_by",
    CaseStatus.MEDIATION: "case.decide_by",
}


def _case_words(case: Case) -> tuple[str, str, str]:
    """For the buyer, for the merchant, and whose turn it is."""
    if case.status == CaseStatus.OPEN:
        if case.want in MONEY_REMEDIES:
            return (
                _(
                    "%(amount)s is frozen. If the merchant does not answer by %(when)s, your claim of %(want)s is "
                    "accepted."
                ),
                _("%(amount)s is frozen. If you do not answer by %(when)s, the claim of %(want)s is accepted."),
                MERCHANT,
            )
        return (
            _("%(amount)s is frozen. If the merchant does not answer by %(when)s, your claim is accepted."),
            _("%(amount)s is frozen. If you do not answer by %(when)s, the claim is accepted."),
            MERCHANT,
        )
    if case.status == CaseStatus.OFFERED:
        return (
            _("The merchant has made an offer; %(amount)s stays frozen. Without an answer by %(when)s the case ends."),
            _("Your offer lies with the buyer; %(amount)s stays frozen. Without his answer by %(when)s the case ends."),
            BUYER,
        )
    if case.status == CaseStatus.REFUSED:
        return (
            _("The merchant has refused; %(amount)s stays frozen. Call the platform by %(when)s, or the case ends."),
            _("You have refused; %(amount)s stays frozen. The buyer may call the platform until %(when)s."),
            BUYER,
        )
    if case.status == CaseStatus.RETURN_DUE:
        return (
            _("Send the goods back by %(when)s and enter the tracking number; then %(want)s is refunded."),
            _("The buyer sends the goods back by %(when)s. %(amount)s stays frozen."),
            BUYER,
        )
    if case.status == CaseStatus.RETURN_SENT:
        return (
            _("The goods are on their way back. If the merchant says nothing by %(when)s, you are refunded."),
            _("Check the returned goods by %(when)s; without your answer the buyer is refunded."),
            MERCHANT,
        )
    if case.status == CaseStatus.RESEND_DUE:
        return (
            _("The merchant must send again by %(when)s; otherwise %(amount)s returns to you."),
            _("Send again by %(when)s; otherwise %(amount)s returns to the buyer."),
            MERCHANT,
        )
    text = _("The platform decides by %(when)s; until then %(amount)s does not move.")
    return text, text, "mediator"
