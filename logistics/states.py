"""Shipment states: LOGISTICS.md §2.1; evidence grades §2.3."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.transitions import Machine, register


class ShipmentStatus(models.TextChoices):
    UNKNOWN = "unknown", _("No record at the carrier yet")
    CREATED = "created", _("Packed, waiting for the carrier")
    PICKED_UP = "picked_up", _("Picked up")
    IN_TRANSIT = "in_transit", _("In transit")
    OUT_FOR_DELIVERY = "out_for_delivery", _("Out for delivery")
    DELIVERY_FAILED = "delivery_failed", _("Delivery attempt failed")
    AWAITING_COLLECTION = "awaiting_collection", _("At the pick-up point")
    DELIVERED = "delivered", _("Delivered")
    EXCEPTION = "exception", _("Problem on the way")
    RETURNING = "returning", _("On the way back")
    RETURNED = "returned", _("Returned to the sender")
    LOST = "lost", _("Lost")
    CANCELLED = "cancelled", _("Cancelled")


_S = ShipmentStatus
EXPECTED = frozenset({_S.UNKNOWN, _S.CREATED, _S.PICKED_UP, _S.IN_TRANSIT, _S.EXCEPTION})  # an estimate still speaks
_MOVING = frozenset(
    {_S.CREATED, _S.PICKED_UP, _S.IN_TRANSIT, _S.OUT_FOR_DELIVERY, _S.DELIVERY_FAILED, _S.AWAITING_COLLECTION,
     _S.DELIVERED, _S.EXCEPTION, _S.RETURNING, _S.RETURNED, _S.LOST, _S.CANCELLED}
)  # fmt: skip
SHIPMENT = register(
    Machine(
        name="shipment",
        states=ShipmentStatus,
        moves={
            **{state: _MOVING - {state} for state in _S if state not in (_S.DELIVERED, _S.RETURNED, _S.CANCELLED)},
            # Only by turning round; when that is learned late, it may be lost or damaged on the way back by then.
            _S.DELIVERED: frozenset({_S.RETURNING, _S.RETURNED, _S.EXCEPTION, _S.LOST, _S.CANCELLED}),
            _S.RETURNED: frozenset(),
            _S.CANCELLED: _MOVING - {_S.CANCELLED},  # cancelled on paper, found in a van
        },
        waits={
            **{
                state: ("carrier", ("tracking.poll",))
                for state in _S
                if state not in (_S.DELIVERED, _S.RETURNED, _S.CANCELLED)
            },
            _S.DELIVERED: ("buyer", ("escrow.release",)),
            _S.CANCELLED: ("merchant", ("order.never_shipped",)),
        },
    )
)


class EvidenceGrade(models.TextChoices):
    """How good the proof is that the recipient himself has the parcel."""

    A = "A", _("Signed by the recipient, with a picture or a code")
    B = "B", _("The carrier says the recipient signed or collected it")
    C = "C", _("The carrier says delivered, not to whom")
    D = "D", _("Taken by somebody else or left somewhere")
    NONE = "", _("No proof of receipt")
