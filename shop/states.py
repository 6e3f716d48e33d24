"""Order and product states and the moves between them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.transitions import Machine, register


class Kind(models.TextChoices):
    """What is sold, and so by which policy (MISSION.md); a cart of several kinds becomes several orders."""

    PHYSICAL = "physical", _("Goods that are shipped")
    CODE = "code", _("Codes, delivered by the payment itself")


class OrderStatus(models.TextChoices):
    PENDING = "pending", _("Awaiting payment")
    PAID = "paid", _("To be shipped")
    SHIPPED = "shipped", _("On the way")
    DELIVERED = "delivered", _("Delivered, to be confirmed")
    COMPLETED = "completed", _("Completed")
    REFUNDED = "refunded", _("Refunded")
    CANCELLED = "cancelled", _("Cancelled")


PACKED = _("Packed")  # how an order is called between its parcel's booking and the carrier's first scan

_S = OrderStatus
ORDER = register(
    Machine(
        name="order",
        states=OrderStatus,
        moves={
            _S.PENDING: frozenset({_S.PAID, _S.CANCELLED}),
            # Delivered: codes, by the payment itself. Completed: a ruling may release what was never shipped.
            _S.PAID: frozenset({_S.SHIPPED, _S.DELIVERED, _S.REFUNDED, _S.COMPLETED}),
            _S.SHIPPED: frozenset({_S.DELIVERED, _S.COMPLETED, _S.REFUNDED}),
            _S.DELIVERED: frozenset({_S.SHIPPED, _S.COMPLETED, _S.REFUNDED}),  # shipped again: exchange or resend
            _S.COMPLETED: frozenset(),
            _S.REFUNDED: frozenset(),
            _S.CANCELLED: frozenset(),
        },
        waits={
            _S.PENDING: ("buyer", ("order.pay_by",)),
            _S.PAID: ("merchant", ("order.ship_by", "order.never_shipped", "code.deliver_by")),
            _S.SHIPPED: ("carrier", ("tracking.poll", "order.assume_delivered")),
            _S.DELIVERED: ("buyer", ("escrow.release",)),
        },
    )
)

OPEN_ORDER = (_S.PENDING, _S.PAID, _S.SHIPPED, _S.DELIVERED)
UNDER_ESCROW = (_S.PAID, _S.SHIPPED, _S.DELIVERED)


class ProductStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    LISTED = "listed", _("On sale")
    UNLISTED = "unlisted", _("Off the shelf")
    DELETED = "deleted", _("In the bin")


PRODUCT = register(
    Machine(
        name="product",
        states=ProductStatus,
        moves={
            ProductStatus.DRAFT: frozenset({ProductStatus.LISTED, ProductStatus.DELETED}),
            ProductStatus.LISTED: frozenset({ProductStatus.UNLISTED}),
            ProductStatus.UNLISTED: frozenset({ProductStatus.LISTED, ProductStatus.DELETED}),
            ProductStatus.DELETED: frozenset({ProductStatus.UNLISTED}),
        },
        waits={},
    )
)


class CouponStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


_C = CouponStatus
COUPON = register(
    Machine(
        name="coupon",
        states=CouponStatus,
        moves={
            _C.DRAFT: frozenset({_C.RUNNING, _C.ENDED}),
            _C.RUNNING: frozenset({_C.PAUSED, _C.ENDED}),
            _C.PAUSED: frozenset({_C.RUNNING, _C.ENDED}),
            _C.ENDED: frozenset(),
        },
        waits={
            _C.RUNNING: ("merchant", ("coupon.end",)),
            _C.PAUSED: ("merchant", ("coupon.end",)),
        },
    )
)


class UseStatus(models.TextChoices):
    RESERVED = "reserved", _("Reserved")
    SPENT = "spent", _("Used")
    RETURNED = "returned", _("Given back")


COUPON_USE = register(
    Machine(
        name="coupon_use",
        states=UseStatus,
        moves={
            UseStatus.RESERVED: frozenset({UseStatus.SPENT, UseStatus.RETURNED}),
            UseStatus.SPENT: frozenset({UseStatus.RETURNED}),
            UseStatus.RETURNED: frozenset(),
        },
        waits={UseStatus.RESERVED: ("buyer", ("order.pay_by",))},
    )
)


class KeyStatus(models.TextChoices):
    AVAILABLE = "available", _("For sale")
    SOLD = "sold", _("Sold")
    QUARANTINED = "quarantined", _("In quarantine")
    EXPIRED = "expired", _("Expired, or too close to it to be sold")
    WITHDRAWN = "withdrawn", _("Withdrawn unsold")
    SPENT = "spent", _("Refunded after it was seen")
    REPLACED = "replaced", _("Did not work, replaced")


_K = KeyStatus
CARD_KEY = register(
    Machine(
        name="card_key",
        states=KeyStatus,
        moves={
            _K.AVAILABLE: frozenset({_K.SOLD, _K.QUARANTINED, _K.EXPIRED, _K.WITHDRAWN}),
            # Back for sale only if nobody has ever seen it; what was seen is never sold again.
            _K.SOLD: frozenset({_K.AVAILABLE, _K.QUARANTINED, _K.EXPIRED, _K.SPENT, _K.REPLACED}),
            _K.QUARANTINED: frozenset({_K.AVAILABLE, _K.EXPIRED, _K.WITHDRAWN}),
            _K.EXPIRED: frozenset(),
            _K.WITHDRAWN: frozenset(),
            _K.SPENT: frozenset(),
            _K.REPLACED: frozenset(),
        },
        waits={},
    )
)
