"""The money sentence: where the money is, what happens next, when, unless who does what (PAGES.md, laws 1 and 2)."""

from __future__ import annotations

from collections.abc import Callable

from django.utils import timezone
from django.utils.translation import gettext as _

from core.money import Money
from core.wording import day, when
from escrow.models import Refund
from escrow.states import HoldStatus, RefundStatus
from flows.case_sentences import in_case
from flows.code_sentences import BY_STATUS
from flows.facts import BUYER, MERCHANT, STAFF, Clock, Facts, Sentence
from logistics.states import ShipmentStatus
from shop.states import Kind, OrderStatus

__all__ = ["BUYER", "MERCHANT", "STAFF", "Clock", "Facts", "Sentence", "sentence"]


def sentence(facts: Facts) -> Sentence:
    """Say it for one order and one reader."""
    if facts.order.in_case and facts.case is not None:
        return in_case(facts, facts.case)
    if facts.hold is not None and facts.hold.status == HoldStatus.FROZEN:
        return _charged_back(facts)
    if facts.order.kind == Kind.CODE and facts.order.status in BY_STATUS:
        return BY_STATUS[OrderStatus(facts.order.status)](facts)
    return _BY_STATUS[OrderStatus(facts.order.status)](facts)


def _charged_back(f: Facts) -> Sentence:
    text = f.voice((
        _("Your bank has taken %(amount)s back. Nothing moves before it has decided."),
        _("The payer's bank has taken the money back: do not ship. Nothing moves before it has decided; the platform "
          "hands in the evidence."),
        _("The payer's bank has taken the money back. Nothing moves before it has decided; evidence is handed in at "
          "the provider."),
    ))  # fmt: skip
    return Sentence(text % {"amount": f.order.total}, "danger")


def _pending(f: Facts) -> Sentence:
    clock, names = f.clock("order.pay_by"), {"got": f.problem, "when": f.at("order.pay_by")}
    if f.problem is not None:
        text = f.voice((
            _("%(got)s arrived, which is not what this order asks for. It is kept apart and goes back to you; please "
              "pay the right amount by %(when)s."),
            _("Do not ship: the payment is not verified."),
            _("%(got)s arrived, which is not what this order asks for. It is kept apart and goes back to the buyer, "
              "who has until %(when)s to pay the right amount."),
        ))  # fmt: skip
        return Sentence(text % names, "danger", clock, BUYER)
    text = f.voice((
        _("Pay by %(when)s; then the order is cancelled."),
        _("Waiting for the buyer's payment. Do not ship yet."),
        _("Waiting for the buyer's payment until %(when)s; no money is held yet."),
    ))  # fmt: skip
    if f.refund is not None and f.viewer != MERCHANT:
        text = _("%(first)s %(then)s") % {"first": _sent_back(f, f.refund), "then": text % names}
        return Sentence(text, "wait" if f.mine else "done", clock, BUYER)
    return Sentence(text % names, "wait" if f.mine else "done", clock, BUYER)


def _sent_back(f: Facts, refund: Refund) -> str:
    """What became of money that did not fit."""
    names = {"got": refund.amount, "when": when(refund.done_at) if refund.done_at else "", "ref": refund.gateway_ref}
    if refund.status != RefundStatus.DONE:
        return f.voice((
            _("%(got)s that did not fit this order is on its way back to you."),
            "",
            _("%(got)s that did not fit this order is on its way back to the buyer."),
        )) % names  # fmt: skip
    return f.voice((
        _("%(got)s that did not fit this order was returned to you on %(when)s, number %(ref)s."),
        "",
        _("%(got)s that did not fit this order was returned to the buyer on %(when)s, number %(ref)s."),
    )) % names  # fmt: skip


def _paid(f: Facts) -> Sentence:
    ship_by, never = f.clock("order.ship_by"), f.clock("order.never_shipped")
    names = {"amount": f.order.total, "when": f.at("order.ship_by"), "end": f.at("order.never_shipped")}
    if f.order.is_trial:
        text = _("%(amount)s is held by the platform, as a buyer's would be. Nothing is shipped: the test order is "
                 "released in the back office, or returns by itself on %(end)s.")  # fmt: skip
        return Sentence(text % names, "safe", never, MERCHANT)
    if ship_by is None:  # its deadline has passed
        text = f.voice((
            _("The merchant is late. You may cancel now and get %(amount)s back at once; otherwise it returns by "
              "itself on %(end)s."),
            _("You are late: the buyer may cancel at any moment, and on %(end)s %(amount)s returns to him."),
            _("The merchant is late: the buyer may cancel at any moment, and on %(end)s %(amount)s returns to him."),
        ))  # fmt: skip
        return Sentence(text % names, "danger", never, MERCHANT)
    if f.order.store.is_halted:
        text = f.voice((
            _("The store is closed for now. You may cancel and get %(amount)s back at once, or wait: it must be "
              "shipped by %(when)s, and what is never shipped returns to you on %(end)s."),
            _("Your store is closed for now, but %(amount)s is paid and held: ship by %(when)s. The buyer may cancel "
              "at any moment."),
            _("The store is closed for now. The buyer may cancel at any moment; on %(end)s %(amount)s returns to him."),
        ))  # fmt: skip
        return Sentence(text % names, "wait", ship_by, MERCHANT)
    text = f.voice((
        _("%(amount)s is held by the platform. The merchant must ship by %(when)s; if it is never shipped, it returns "
          "to you on %(end)s."),
        _("%(amount)s is paid and held: ship by %(when)s, or the buyer may cancel and is refunded."),
        _("%(amount)s is held. The merchant must ship by %(when)s; if it is never shipped, it returns to the buyer on "
          "%(end)s."),
    ))  # fmt: skip
    return Sentence(text % names, "wait" if f.viewer == MERCHANT else "safe", ship_by, MERCHANT)


def _shipped(f: Facts) -> Sentence:
    if f.order.shipped_at is None:
        return _packed(f)
    status = f.parcel.status if f.parcel else ""
    expected = day(f.parcel.eta_to) if f.parcel and f.parcel.eta_to else ""
    names = {"amount": f.order.total, "day": expected, "place": f.parcel.pickup_place if f.parcel else ""}
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
    elif f.parcel is not None and f.parcel.eta_to is not None:
        if f.parcel.eta_to < timezone.localdate(f.now):
            text = _("The parcel was expected by %(day)s and is not here yet; %(amount)s is still held.")
        else:
            text = _("%(amount)s is still held; the parcel is expected by %(day)s.")
    else:
        text = _("%(amount)s is still held while the parcel is on its way.")
    if not f.mine:
        text = text + " " + _("The inspection time starts when it is delivered.")
    return Sentence(text % names, tone, f.clock("order.assume_delivered"), needs)


def _packed(f: Facts) -> Sentence:
    ship_by = f.clock("order.ship_by")
    names = {"amount": f.order.total, "when": f.at("order.ship_by"), "end": f.at("order.never_shipped")}
    if ship_by is None:
        text = f.voice((
            _("Packed, but the carrier has not had it in time. You may cancel now; otherwise %(amount)s returns on "
              "%(end)s."),
            _("The carrier has not scanned the parcel in time: the buyer may cancel at any moment, and on %(end)s "
              "%(amount)s returns to him."),
            _("Packed, but the carrier has not had it in time. The buyer may cancel at any moment, and on %(end)s "
              "%(amount)s returns to him."),
        ))  # fmt: skip
        return Sentence(text % names, "danger", f.clock("order.never_shipped"), MERCHANT)
    text = f.voice((
        _("Packed; the carrier must have it by %(when)s. %(amount)s stays held."),
        _("Packed; %(amount)s stays held. It counts as shipped with the carrier's first scan, which must come by "
          "%(when)s."),
        _("Packed; the carrier must have it by %(when)s. %(amount)s stays held."),
    ))  # fmt: skip
    return Sentence(text % names, "safe", ship_by, MERCHANT)


def _delivered(f: Facts) -> Sentence:
    clock = f.clock("escrow.release")
    names = {"amount": f.order.total, "when": f.at("escrow.release")}
    if clock is not None and clock.paused:
        return Sentence(_("The clock stands still; %(amount)s stays held.") % names, "wait", clock)
    text = f.voice((
        _("Please check what you received. %(amount)s is held and goes to the merchant on %(when)s, unless you say "
          "that something is wrong."),
        _("Delivered. %(amount)s less the fee comes to you when the buyer confirms, or by itself on %(when)s."),
        _("Delivered. %(amount)s less the fee goes to the merchant when the buyer confirms, or by itself on %(when)s."),
    ))  # fmt: skip
    return Sentence(text % names, "wait" if f.mine else "safe", clock, BUYER)


def _completed(f: Facts) -> Sentence:
    hold, order = f.hold, f.order
    closed = when(order.closed_at) if order.closed_at else ""
    if hold is None:
        return Sentence(_("Completed on %(when)s.") % {"when": closed}, "done")
    names = {
        "when": closed,
        "released": Money(hold.released_minor, hold.currency),
        "back": Money(hold.refunded_minor, hold.currency),
        "net": Money(hold.released_minor - hold.fee_taken_minor, hold.currency),
        "fee": Money(hold.fee_taken_minor, hold.currency),
        "late": Money(hold.returned_minor, hold.currency),
        "fee_back": Money(hold.fee_back_minor, hold.currency),
    }
    if hold.refunded_minor:
        text = f.voice((
            _("Settled on %(when)s: %(back)s went back to you, %(released)s to the merchant."),
            _("Settled on %(when)s: %(back)s went back to the buyer; you received %(net)s after a fee of %(fee)s."),
            _("Settled on %(when)s: %(back)s went back to the buyer; the merchant received %(net)s after a fee of "
              "%(fee)s."),
        ))  # fmt: skip
    else:
        text = f.voice((
            _("%(released)s was paid to the merchant on %(when)s."),
            _("Released on %(when)s: %(net)s = %(released)s − fee %(fee)s, at your bank within 24 hours."),
            _("Released to the merchant on %(when)s: %(net)s = %(released)s − fee %(fee)s."),
        ))  # fmt: skip
    if hold.returned_minor:
        text = text + " " + f.voice((
            _("%(late)s of that came back to you later."),
            _("%(late)s of that went back to the buyer later, and our fee of %(fee_back)s on it to you."),
            _("%(late)s of that went back to the buyer later."),
        ))  # fmt: skip
    return Sentence(text % names, "done")


def _refunded(f: Facts) -> Sentence:
    closed = when(f.order.closed_at) if f.order.closed_at else ""
    back = Money(f.hold.refunded_minor, f.hold.currency) if f.hold else f.order.total
    if f.refund is not None and f.refund.status == RefundStatus.DONE and f.refund.done_at is not None:
        names = {"back": back, "when": when(f.refund.done_at), "ref": f.refund.gateway_ref}
        text = f.voice((
            _("%(back)s was returned to you on %(when)s, number %(ref)s."),
            _("%(back)s was returned to the buyer on %(when)s, number %(ref)s. Do not ship."),
            _("%(back)s was returned to the buyer on %(when)s, number %(ref)s."),
        ))  # fmt: skip
        return Sentence(text % names, "done")
    text = f.voice((
        _("%(back)s goes back the way you paid, since %(when)s."),
        _("%(back)s went back to the buyer on %(when)s. Do not ship."),
        _("%(back)s went back to the buyer on %(when)s."),
    ))  # fmt: skip
    return Sentence(text % {"back": back, "when": closed}, "done")


def _cancelled(f: Facts) -> Sentence:
    if f.problem is not None and f.viewer != MERCHANT:
        text = f.voice((
            _("Cancelled. %(got)s that arrived goes back to you."),
            "",
            _("Cancelled. %(got)s that arrived goes back to the buyer."),
        ))  # fmt: skip
        return Sentence(text % {"got": f.problem}, "danger")
    text = _("Cancelled before it was paid; no money is held.")
    if f.refund is not None and f.viewer != MERCHANT:
        text = _("%(first)s %(then)s") % {"first": text, "then": _sent_back(f, f.refund)}
    return Sentence(text, "done")


_BY_STATUS: dict[OrderStatus, Callable[[Facts], Sentence]] = {
    OrderStatus.PENDING: _pending,
    OrderStatus.PAID: _paid,
    OrderStatus.SHIPPED: _shipped,
    OrderStatus.DELIVERED: _delivered,
    OrderStatus.COMPLETED: _completed,
    OrderStatus.REFUNDED: _refunded,
    OrderStatus.CANCELLED: _cancelled,
}
