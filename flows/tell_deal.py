"""Notices of the deal itself: payment, shipping, delivery, release, refund, payout."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from core.money import Money
from core.outbox import Payload
from core.policies import rules_of
from core.wording import when
from escrow.models import Receipt, Refund
from escrow.queries import hold_of
from flows import tell_codes
from flows.telling import order_of, tell_buyer, tell_merchant
from logistics.models import Shipment
from shop.models import Order
from shop.states import Kind, OrderStatus


def _names(order: Order, **more: object) -> dict[str, object]:
    return {"number": order.number, "amount": order.total, "store": order.store.display_name, **more}


def buyer_placed(payload: Payload) -> None:
    order = order_of(payload)
    pay_by = order.payment.expires_at if order.payment else order.placed_at
    tell_buyer(order, "shop.placed", lambda: (
        _("Order %(number)s is waiting for your payment") % _names(order),
        _("Please pay %(amount)s by %(when)s; then the order is cancelled and nothing is owed.")
        % _names(order, when=when(pay_by)),
    ), email=False)  # fmt: skip


def buyer_cancelled(payload: Payload) -> None:
    order = order_of(payload)
    tell_buyer(order, "shop.cancelled", lambda: (
        _("Order %(number)s was cancelled") % _names(order),
        _("It was not paid, so no money has moved. You can put the items into your cart again."),
    ), email=False)  # fmt: skip


def merchant_to_ship(payload: Payload) -> None:
    order = order_of(payload)
    if order.kind == Kind.CODE:
        tell_codes.merchant_held(order)
        return
    ship_by = (order.paid_at or order.placed_at) + rules_of(order.policy_id).ship_by
    tell_merchant(order, "escrow.held", lambda: (
        _("New order %(number)s: %(amount)s is paid and held") % _names(order),
        _("The payment is verified and held. Ship by %(when)s; otherwise the buyer may cancel and is refunded.")
        % _names(order, when=when(ship_by)),
    ), sms=True)  # fmt: skip


def buyer_held(payload: Payload) -> None:
    order = order_of(payload)
    if order.kind == Kind.CODE:
        tell_codes.buyer_held(order)
        return
    ship_by = (order.paid_at or order.placed_at) + rules_of(order.policy_id).ship_by
    tell_buyer(order, "escrow.held", lambda: (
        _("%(amount)s is held for order %(number)s") % _names(order),
        _("%(store)s does not have your money yet: we hold it until you have what was promised. It must ship by "
          "%(when)s.")
        % _names(order, when=when(ship_by)),
    ))  # fmt: skip


def buyer_wrong_money(payload: Payload) -> None:
    receipt = Receipt.objects.select_related("payment").get(pk=payload["receipt_id"])
    order = Order.objects.select_related("store").filter(payment=receipt.payment).order_by("pk").first()
    if order is None:
        return
    tell_buyer(order, "escrow.receipt_parked", lambda: (
        _("We received %(got)s that does not fit order %(number)s") % _names(order, got=receipt.amount),
        _("The money is kept apart and nothing is lost: it goes back the way it came, or staff settle it with you."),
    ), key=str(receipt.pk))  # fmt: skip


def merchant_released(payload: Payload) -> None:
    order = order_of(payload)
    hold = hold_of(order.pk)
    net = Money(hold.released_minor - hold.fee_taken_minor, hold.currency) if hold else order.total
    fee = Money(hold.fee_taken_minor, hold.currency) if hold else Money(0)
    tell_merchant(order, "escrow.released", lambda: (
        _("%(net)s released for order %(number)s") % _names(order, net=net),
        _("After our fee of %(fee)s, %(net)s is in your balance and on its way to your bank within 24 hours.")
        % _names(order, net=net, fee=fee),
    ))  # fmt: skip


def buyer_released(payload: Payload) -> None:
    order = order_of(payload)
    tell_buyer(order, "escrow.released", lambda: (
        _("Order %(number)s is completed") % _names(order),
        _("The money held for it has been paid to %(store)s. The running account shows each movement.") % _names(order),
    ), email=payload.get("by") == "clock")  # fmt: skip


def buyer_refunded(payload: Payload) -> None:
    order = order_of(payload)
    refund = Refund.objects.get(pk=payload["refund_id"])
    tell_buyer(order, "order.refunded", lambda: (
        _("%(back)s of order %(number)s goes back to you") % _names(order, back=refund.amount),
        _("The order is closed and the money returns the way you paid. You need not do anything."),
    ), sms=True)  # fmt: skip


def merchant_refunded(payload: Payload) -> None:
    order = order_of(payload)
    tell_merchant(order, "order.refunded", lambda: (
        _("Order %(number)s was refunded to the buyer") % _names(order),
        (
            _("The reason on record: %(why)s")
            if order.kind == Kind.CODE
            else _("Do not ship it any more. The reason on record: %(why)s")
        )
        % _names(order, why=_(str(payload["why"]))),
    ))  # fmt: skip


# Reasons that the flows write down in English and that a notice shows translated.
REASONS = (gettext_noop("not shipped in time"), gettext_noop("merchant cannot ship"), gettext_noop("never shipped"))


def buyer_refund_arrived(payload: Payload) -> None:
    refund = Refund.objects.select_related("hold__order__store", "payment").get(pk=payload["refund_id"])
    order = refund.hold.order if refund.hold else Order.objects.select_related("store").filter(
        payment=refund.payment
    ).order_by("pk").first()  # fmt: skip
    if order is None:
        return
    tell_buyer(order, "escrow.refund_done", lambda: (
        _("%(back)s has been returned to you") % {"back": refund.amount},
        _("The payment provider confirms the refund; its number is %(ref)s.") % {"ref": refund.gateway_ref},
    ), key=str(refund.pk))  # fmt: skip


def merchant_ship_soon(payload: Payload) -> None:
    order = order_of(payload)
    ship_by = (order.paid_at or order.placed_at) + rules_of(order.policy_id).ship_by
    tell_merchant(order, "order.ship_soon", lambda: (
        _("Order %(number)s is still to be shipped") % _names(order),
        _("The carrier must have it by %(when)s.") % {"when": when(ship_by)},
    ))  # fmt: skip


def merchant_ship_late(payload: Payload) -> None:
    order = order_of(payload)
    tell_merchant(order, "order.ship_late", lambda: (
        _("Order %(number)s is overdue") % _names(order),
        _("The buyer may now cancel at any moment. If it is never shipped it is refunded by itself."),
    ), sms=True)  # fmt: skip


def buyer_ship_late(payload: Payload) -> None:
    order = order_of(payload)
    tell_buyer(order, "order.ship_late", lambda: (
        _("Order %(number)s has not been shipped in time") % _names(order),
        _("You may cancel now and get your %(amount)s back at once, or keep waiting: it stays held.") % _names(order),
    ))  # fmt: skip


def buyers_halted(payload: Payload) -> None:
    """A store is closed for now: whoever waits for its parcel hears, once an order, that he need not. No reasons."""
    waiting = Order.objects.filter(store_id=payload["store_id"], shipped_at__isnull=True, is_trial=False,
                                   status__in=(OrderStatus.PAID, OrderStatus.SHIPPED), in_case=False)  # fmt: skip
    for order in waiting.select_related("store").order_by("pk"):
        tell_buyer(order, "order.store_halted", lambda order=order: (  # type: ignore[misc]
            _("The store of order %(number)s is closed for now") % _names(order),
            _("You may cancel now and get your %(amount)s back at once, or keep waiting: it stays held.")
            % _names(order),
        ))  # fmt: skip


def buyer_time_granted(payload: Payload) -> None:
    order = order_of(payload)
    tell_buyer(order, "order.time_granted", lambda: (
        _("%(store)s gives you %(days)d more days to look at order %(number)s") % _names(order, days=payload["days"]),
        _("The order page shows the new date."),
    ), key=str(payload["days"]), email=False)  # fmt: skip


def buyer_assumed_delivered(payload: Payload) -> None:
    order = order_of(payload)
    tell_buyer(order, "order.assumed_delivered", lambda: (
        _("Has order %(number)s arrived?") % _names(order),
        _("Its carrier does not report to us and the usual time has passed. If you do not have it, please say so now."),
    ), sms=True)  # fmt: skip


def buyer_booked(payload: Payload) -> None:
    order = order_of(payload)
    shipment = Shipment.objects.select_related("carrier").get(pk=payload["shipment_id"])
    tell_buyer(order, "logistics.booked", lambda: (
        _("Order %(number)s is packed") % _names(order),
        _("%(carrier)s, tracking number %(tracking)s. We tell you when the carrier has it.")
        % {"carrier": shipment.carrier.display_name, "tracking": shipment.number},
    ), key=str(shipment.pk), email=False)  # fmt: skip


# milestone → (subject, body, also by SMS)
MILESTONES: dict[str, tuple[str, str, bool]] = {
    "shipped": (gettext_noop("Order %(number)s is on its way"),
                gettext_noop("%(carrier)s has picked it up; tracking number %(tracking)s."), True),
    "out_for_delivery": (gettext_noop("Order %(number)s is out for delivery"),
                         gettext_noop("The courier of %(carrier)s is on the way to you."), True),
    "awaiting_collection": (gettext_noop("Order %(number)s waits for you at a pick-up point"),
                            gettext_noop("The order page shows the place and the code. Your money stays held until "
                                         "you have collected it."), True),
    "delivered": (gettext_noop("Order %(number)s was delivered"),
                  gettext_noop("Please check what you received, then confirm. The order page shows until when you "
                               "have time."), True),
    "exception": (gettext_noop("There is a problem with the parcel of order %(number)s"),
                  gettext_noop("The carrier reports a problem. Your money stays held; you need not do anything."),
                  False),
    "delivery_failed": (gettext_noop("The courier could not deliver order %(number)s"),
                        gettext_noop("%(carrier)s will try again. Please check your address and phone."), False),
    "returned": (gettext_noop("Order %(number)s went back to the sender"),
                 gettext_noop("Your money is still held. Ask for a refund in an after-sale case."), False),
    "lost": (gettext_noop("The parcel of order %(number)s is lost"),
             gettext_noop("Your money is still held. Ask for a refund in an after-sale case."), False),
    "stalled": (gettext_noop("The parcel of order %(number)s has not moved for a while"),
                gettext_noop("We keep asking the carrier. Your money stays held."), False),
}  # fmt: skip


def _milestone(payload: Payload) -> tuple[Order, Shipment, tuple[str, str, bool] | None]:
    shipment = Shipment.objects.select_related("carrier").get(pk=payload["shipment_id"])
    return order_of(payload), shipment, MILESTONES.get(payload["milestone"])


def buyer_progress(payload: Payload) -> None:
    order, shipment, texts = _milestone(payload)
    if texts is None or shipment.direction != "out":
        return
    subject, body, by_sms = texts
    tell_buyer(order, "logistics.progress", lambda: (
        _(subject) % _names(order),
        _(body) % {"carrier": shipment.carrier.display_name, "tracking": shipment.number},
    ), key=f"{shipment.pk}:{payload['milestone']}", sms=by_sms)  # fmt: skip


def merchant_trouble(payload: Payload) -> None:
    """The merchant hears only of what goes wrong."""
    order, shipment, texts = _milestone(payload)
    if texts is None or payload["milestone"] not in ("exception", "returned", "lost", "stalled"):
        return
    if shipment.direction == "back" and payload["milestone"] == "stalled":
        return  # both parties of the case are told
    subject = texts[0]
    tell_merchant(order, "logistics.trouble", lambda: (
        _(subject) % _names(order),
        _("Please ask %(carrier)s about parcel %(tracking)s.")
        % {"carrier": shipment.carrier.display_name, "tracking": shipment.number},
    ), key=f"{shipment.pk}:{payload['milestone']}")  # fmt: skip


def buyer_uncollected(payload: Payload) -> None:
    order = order_of(payload)
    tell_buyer(order, "logistics.uncollected", lambda: (
        _("Order %(number)s is still at the pick-up point") % _names(order),
        _("Please collect it; after some days the carrier sends it back. Your money stays held until then."),
    ), key=str(payload["hours"]), sms=True)  # fmt: skip
