"""Notices of codes. None ever carries one: a code is read where its opening is on record."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core import clock
from core.outbox import Payload
from core.policies import rules_of
from core.wording import when
from flows.codes import try_again
from flows.telling import order_of, tell_buyer, tell_merchant, tell_staff
from shop.models import Order
from shop.states import OrderStatus

NO_CODE = gettext_noop("no code was delivered")


def names(order: Order, **more: object) -> dict[str, object]:
    return {"number": order.number, "amount": order.total, "store": order.store.display_name, **more}


def is_waiting(order: Order) -> bool:
    return order.status == OrderStatus.PAID


def buyer_held(order: Order) -> None:
    """The money is held and, as a rule, the codes are here already."""
    if is_waiting(order):
        ends = _ends(order)
        tell_buyer(order, "escrow.held", lambda: (
            _("%(amount)s is held for order %(number)s") % names(order),
            _("Your codes are not there yet; we are on it. If none has come by %(when)s, your money goes back to you "
              "by itself.") % {"when": when(ends)},
        ))  # fmt: skip
        return
    tell_here(order)


def tell_here(order: Order, *, key: str = "") -> None:
    tell_buyer(order, "order.codes_delivered", lambda: (
        _("Your codes of order %(number)s are here") % names(order),
        _("Open the order to read them. Until you open one it counts as unused; %(store)s does not have your money "
          "yet.") % names(order),
    ), key=key)  # fmt: skip


def merchant_held(order: Order) -> None:
    if is_waiting(order):
        tell_merchant(order, "escrow.held", lambda: (
            _("New order %(number)s waits for codes: %(amount)s is paid and held") % names(order),
            _("There are too few codes in the pool. Hand in more: the order is served at once. Otherwise the buyer is "
              "refunded at %(when)s.") % {"when": when(_ends(order))},
        ), sms=True)  # fmt: skip
        return
    tell_merchant(order, "escrow.held", lambda: (
        _("New order %(number)s: %(amount)s is paid and held, the codes are delivered") % names(order),
        _("There is nothing for you to do. The money comes to you when the buyer confirms, or by itself."),
    ), sms=True)  # fmt: skip


def buyer_delivered(payload: Payload) -> None:
    """They came after some waiting."""
    tell_here(order_of(payload))


def serve_again(payload: Payload) -> None:
    """Look again at once, for the keys may only have been in other hands; after that the order's clock does."""
    try_again(order_id=order_of(payload).pk, now=clock.now())


def buyer_late(payload: Payload) -> None:
    order = order_of(payload)
    tell_buyer(order, "order.codes_late", lambda: (
        _("The codes of order %(number)s are late") % names(order),
        _("You may cancel now and get your %(amount)s back at once, or keep waiting: it goes back by itself at "
          "%(when)s.") % names(order, when=when(_ends(order))),
    ))  # fmt: skip


def merchant_late(payload: Payload) -> None:
    order = order_of(payload)
    tell_merchant(order, "order.codes_late", lambda: (
        _("Order %(number)s has had no codes for minutes") % names(order),
        _("The pool has too few. The buyer may cancel at any moment and is refunded by itself at %(when)s.")
        % {"when": when(_ends(order))},
    ), sms=True)  # fmt: skip


def staff_late(payload: Payload) -> None:
    order = order_of(payload)
    url = reverse("console:order", args=[order.number])
    tell_staff("order.codes_late", order.pk, lambda: (
        _("Paid and not delivered: the codes of order %(number)s") % names(order),
        _("%(store)s has too few in its pool.") % names(order),
    ), url=url)  # fmt: skip


def buyer_replaced(payload: Payload) -> None:
    order = order_of(payload)
    tell_buyer(order, "order.code_replaced", lambda: (
        _("A code of order %(number)s was replaced") % names(order),
        _("%(store)s has put another in its place. Open the order to read it; your time to look begins anew.")
        % names(order),
    ), key=payload["key_id"])  # fmt: skip


def _ends(order: Order) -> datetime:
    return (order.paid_at or order.placed_at) + rules_of(order.policy_id).hours("never_shipped_hours")
