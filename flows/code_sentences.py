"""The money sentence of an order of codes, where it differs from that of a parcel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.utils.translation import gettext as _

from core.money import Money
from core.wording import when
from escrow.states import RefundStatus
from flows.facts import BUYER, MERCHANT, Facts, Sentence
from shop.states import OrderStatus


def _paid(f: Facts) -> Sentence:
    """Paid and not delivered: the pool was empty, which must not last."""
    names = {"amount": f.order.total, "end": f.at("order.never_shipped")}
    is_late = "code.deliver_by" not in f.clocks or f.order.store.is_halted
    if is_late:
        text = f.voice((
            _("The codes are late. You may cancel now and get %(amount)s back at once; otherwise it returns by itself "
              "at %(end)s."),
            _("There are too few codes in your pool. Hand in more now: the buyer may cancel at any moment, and at "
              "%(end)s %(amount)s returns to him."),
            _("The store's pool has too few codes. The buyer may cancel at any moment, and at %(end)s %(amount)s "
              "returns to him."),
        ))  # fmt: skip
    else:
        text = f.voice((
            _("%(amount)s is held by the platform. Your codes are not there yet; if none come, it returns to you at "
              "%(end)s."),
            _("%(amount)s is held, but your pool has too few codes. Hand in more: this order is served at once. At "
              "%(end)s the money returns to the buyer."),
            _("%(amount)s is held. The store's pool has too few codes; at %(end)s the money returns to the buyer."),
        ))  # fmt: skip
    waits = f.viewer == MERCHANT or is_late
    clock = f.clock("order.never_shipped" if is_late else "code.deliver_by")
    return Sentence(text % names, "danger" if waits else "safe", clock, MERCHANT)


def _delivered(f: Facts) -> Sentence:
    clock = f.clock("escrow.release")
    names = {"amount": f.order.total, "when": f.at("escrow.release")}
    if clock is not None and clock.paused:
        return Sentence(_("The clock stands still; %(amount)s stays held.") % names, "wait", clock)
    text = f.voice((
        _("Your codes are here. %(amount)s is held and goes to the merchant on %(when)s, unless you say that something "
          "is wrong."),
        _("Delivered by the payment itself. %(amount)s less the fee comes to you when the buyer confirms, or by itself "
          "on %(when)s."),
        _("Delivered by the payment itself. %(amount)s less the fee goes to the merchant when the buyer confirms, or "
          "by itself on %(when)s."),
    ))  # fmt: skip
    return Sentence(text % names, "wait" if f.mine else "safe", clock, BUYER)


def _refunded(f: Facts) -> Sentence:
    back = Money(f.hold.refunded_minor, f.hold.currency) if f.hold else f.order.total
    closed = when(f.order.closed_at) if f.order.closed_at else ""
    if f.refund is not None and f.refund.status == RefundStatus.DONE and f.refund.done_at is not None:
        names = {"back": back, "when": when(f.refund.done_at), "ref": f.refund.gateway_ref}
        text = f.voice((
            _("%(back)s was returned to you on %(when)s, number %(ref)s."),
            _("%(back)s was returned to the buyer on %(when)s, number %(ref)s."),
            _("%(back)s was returned to the buyer on %(when)s, number %(ref)s."),
        ))  # fmt: skip
        return Sentence(text % names, "done")
    text = f.voice((
        _("%(back)s goes back the way you paid, since %(when)s."),
        _("%(back)s went back to the buyer on %(when)s."),
        _("%(back)s went back to the buyer on %(when)s."),
    ))  # fmt: skip
    return Sentence(text % {"back": back, "when": closed}, "done")


BY_STATUS: Mapping[OrderStatus, Callable[[Facts], Sentence]] = {
    OrderStatus.PAID: _paid,
    OrderStatus.DELIVERED: _delivered,
    OrderStatus.REFUNDED: _refunded,
}
