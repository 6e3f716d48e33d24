"""States of orders, products, stores and their vetting, and the moves between them."""

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


class Audience(models.TextChoices):
    """Which of its buyers a store writes to."""

    OPEN = "open", _("Buyers whose orders are under way")
    PRODUCT = "product", _("Buyers of one product")
    SPAN = "span", _("Buyers of a time")


class ProductStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    LISTED = "listed", _("On sale")
    UNLISTED = "unlisted", _("Off the shelf")
    STOPPED = "stopped", _("Stopped: a permit or an authorisation is missing")
    DELETED = "deleted", _("In the bin")


PRODUCT = register(
    Machine(
        name="product",
        states=ProductStatus,
        moves={
            ProductStatus.DRAFT: frozenset({ProductStatus.LISTED, ProductStatus.DELETED}),
            ProductStatus.LISTED: frozenset({ProductStatus.UNLISTED, ProductStatus.STOPPED}),
            ProductStatus.UNLISTED: frozenset({ProductStatus.LISTED, ProductStatus.DELETED}),
            ProductStatus.STOPPED: frozenset({ProductStatus.LISTED, ProductStatus.UNLISTED}),
            ProductStatus.DELETED: frozenset({ProductStatus.UNLISTED}),
        },
        waits={},
    )
)


class StoreStatus(models.TextChoices):
    APPLYING = "applying", _("Not approved yet")
    APPROVED = "approved", _("Approved")
    SUSPENDED = "suspended", _("Suspended")
    ENDING = "ending", _("Cooperation is ending")
    ENDED = "ended", _("Cooperation has ended")


HALTED = (StoreStatus.SUSPENDED, StoreStatus.ENDING, StoreStatus.ENDED)  # what is unshipped may be cancelled at once
STORE = register(
    Machine(
        name="store",
        states=StoreStatus,
        moves={
            StoreStatus.APPLYING: frozenset({StoreStatus.APPROVED, StoreStatus.ENDED}),
            StoreStatus.APPROVED: frozenset({StoreStatus.SUSPENDED, StoreStatus.ENDING}),
            StoreStatus.SUSPENDED: frozenset({StoreStatus.APPROVED, StoreStatus.ENDING}),
            StoreStatus.ENDING: frozenset({StoreStatus.ENDED}),
            StoreStatus.ENDED: frozenset(),
        },
        waits={
            StoreStatus.APPLYING: ("merchant", ("application.remind", "application.review_by")),
            StoreStatus.APPROVED: ("platform", ("store.check",)),
            StoreStatus.SUSPENDED: ("platform", ("store.look_again",)),
            StoreStatus.ENDING: ("platform", ("store.wind_up",)),
        },
    )
)


class ApplicationStatus(models.TextChoices):
    DRAFT = "draft", _("Being filled in")
    SUBMITTED = "submitted", _("In review")
    RETURNED = "returned", _("Sent back for correction")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    LAPSED = "lapsed", _("Lapsed: nothing was sent in")


_P = ApplicationStatus
APPLICATION = register(
    Machine(
        name="application",
        states=ApplicationStatus,
        moves={
            _P.DRAFT: frozenset({_P.SUBMITTED, _P.LAPSED}),
            _P.SUBMITTED: frozenset({_P.RETURNED, _P.APPROVED, _P.REFUSED}),
            _P.RETURNED: frozenset({_P.SUBMITTED, _P.LAPSED}),
            _P.APPROVED: frozenset(),
            _P.REFUSED: frozenset(),
            _P.LAPSED: frozenset({_P.DRAFT}),  # taken up again by the merchant
        },
        waits={
            _P.DRAFT: ("merchant", ("application.remind",)),
            _P.SUBMITTED: ("platform", ("application.review_by",)),
            _P.RETURNED: ("merchant", ("application.remind",)),
        },
    )
)
EDITABLE = (_P.DRAFT, _P.RETURNED)


class StepStatus(models.TextChoices):
    SAVED = "saved", _("Saved")
    RETURNED = "returned", _("Sent back")
    ACCEPTED = "accepted", _("Accepted")


STEP = register(
    Machine(
        name="application_step",
        states=StepStatus,
        moves={
            StepStatus.SAVED: frozenset({StepStatus.RETURNED, StepStatus.ACCEPTED}),
            StepStatus.RETURNED: frozenset({StepStatus.SAVED}),
            StepStatus.ACCEPTED: frozenset({StepStatus.SAVED}),  # changed by the merchant: to be seen anew
        },
        waits={
            StepStatus.SAVED: ("platform", ("application.review_by",)),
            StepStatus.RETURNED: ("merchant", ("application.remind",)),
        },
    )
)


class DocumentStatus(models.TextChoices):
    SAVED = "saved", _("Saved")
    REVIEW = "review", _("In review")
    RETURNED = "returned", _("Sent back")
    ACCEPTED = "accepted", _("Accepted")
    EXPIRED = "expired", _("Expired")
    REPLACED = "replaced", _("Replaced by a newer one")
    REMOVED = "removed", _("Removed")


_D = DocumentStatus
DOCUMENT = register(
    Machine(
        name="store_document",
        states=DocumentStatus,
        moves={
            _D.SAVED: frozenset({_D.REVIEW, _D.REMOVED}),
            _D.REVIEW: frozenset({_D.ACCEPTED, _D.RETURNED, _D.SAVED}),
            _D.RETURNED: frozenset({_D.REMOVED}),
            _D.ACCEPTED: frozenset({_D.EXPIRED, _D.REPLACED, _D.REMOVED}),
            _D.EXPIRED: frozenset({_D.REPLACED}),
            _D.REPLACED: frozenset(),
            _D.REMOVED: frozenset(),
        },
        waits={
            _D.SAVED: ("merchant", ("application.remind",)),
            _D.REVIEW: ("platform", ("application.review_by", "document.review_by")),
            _D.RETURNED: ("merchant", ("application.remind", "document.remind")),
            _D.ACCEPTED: ("merchant", ("document.remind", "document.expires")),
            _D.EXPIRED: ("merchant", ("document.remind",)),
        },
    )
)
STANDING = (_D.SAVED, _D.REVIEW, _D.RETURNED, _D.ACCEPTED, _D.EXPIRED)


class CheckStatus(models.TextChoices):
    OPEN = "open", _("To be looked at")
    PASSED = "passed", _("In order")
    FAILED = "failed", _("Not in order")


CHECK = register(
    Machine(
        name="store_check",
        states=CheckStatus,
        moves={
            CheckStatus.OPEN: frozenset({CheckStatus.PASSED, CheckStatus.FAILED}),
            CheckStatus.PASSED: frozenset(),
            CheckStatus.FAILED: frozenset(),
        },
        waits={CheckStatus.OPEN: ("platform", ("check.review_by",))},
    )
)


class InvitationStatus(models.TextChoices):
    OPEN = "open", _("Waiting for an answer")
    ACCEPTED = "accepted", _("Accepted")
    REVOKED = "revoked", _("Taken back")
    EXPIRED = "expired", _("Expired")


INVITATION = register(
    Machine(
        name="invitation",
        states=InvitationStatus,
        moves={
            InvitationStatus.OPEN: frozenset(
                {InvitationStatus.ACCEPTED, InvitationStatus.REVOKED, InvitationStatus.EXPIRED}
            ),
            InvitationStatus.ACCEPTED: frozenset(),
            InvitationStatus.REVOKED: frozenset(),
            InvitationStatus.EXPIRED: frozenset(),
        },
        waits={InvitationStatus.OPEN: ("invitee", ("invitation.expires",))},
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


class ReportStatus(models.TextChoices):
    OPEN = "open", _("Waits for an answer")
    UPHELD = "upheld", _("Found to be so")
    DISMISSED = "dismissed", _("Left as it is")


REPORT = register(
    Machine(
        name="report",
        states=ReportStatus,
        moves={
            ReportStatus.OPEN: frozenset({ReportStatus.UPHELD, ReportStatus.DISMISSED}),
            ReportStatus.UPHELD: frozenset(),
            ReportStatus.DISMISSED: frozenset(),
        },
        waits={ReportStatus.OPEN: ("platform", ("report.answer_by",))},
    )
)
