"""States of payments, holds, refunds and payouts, and the moves between them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.transitions import Machine, register


class PaymentStatus(models.TextChoices):
    OPEN = "open", _("Awaiting payment")
    PAID = "paid", _("Paid")
    CLOSED = "closed", _("Closed unpaid")


_P = PaymentStatus
PAYMENT = register(
    Machine(
        name="payment",
        states=PaymentStatus,
        moves={_P.OPEN: frozenset({_P.PAID, _P.CLOSED}), _P.PAID: frozenset(), _P.CLOSED: frozenset()},
        waits={_P.OPEN: ("buyer", ("order.pay_by", "payment.poll"))},
    )
)


class HoldStatus(models.TextChoices):
    HELD = "held", _("Held")
    FROZEN = "frozen", _("Frozen")
    RELEASED = "released", _("Released")
    REFUNDED = "refunded", _("Refunded")
    SPLIT = "split", _("Split")


_H = HoldStatus
HOLD = register(
    Machine(
        name="hold",
        states=HoldStatus,
        moves={
            _H.HELD: frozenset({_H.FROZEN, _H.RELEASED, _H.REFUNDED, _H.SPLIT}),
            _H.FROZEN: frozenset({_H.HELD, _H.RELEASED, _H.REFUNDED, _H.SPLIT}),
            _H.RELEASED: frozenset(),
            _H.REFUNDED: frozenset(),
            _H.SPLIT: frozenset(),
        },
        waits={
            # A hold waits with its order; a frozen one waits with its case.
            _H.HELD: ("order", ("order.ship_by", "order.never_shipped", "escrow.release")),
            _H.FROZEN: ("case", ("case.answer_by", "case.escalate_by", "case.decide_by")),
        },
    )
)
OPEN_HOLD = (_H.HELD, _H.FROZEN)


class RefundStatus(models.TextChoices):
    PENDING = "pending", _("To be sent")
    SENT = "sent", _("At the payment provider")
    DONE = "done", _("Returned")
    FAILED = "failed", _("Failed, staff are on it")


_R = RefundStatus
REFUND = register(
    Machine(
        name="refund",
        states=RefundStatus,
        moves={
            _R.PENDING: frozenset({_R.SENT, _R.DONE, _R.FAILED}),
            _R.SENT: frozenset({_R.DONE, _R.FAILED}),
            _R.FAILED: frozenset({_R.PENDING}),
            _R.DONE: frozenset(),
        },
        waits={
            _R.PENDING: ("platform", ("refund.send",)),
            _R.SENT: ("provider", ("refund.send",)),
            _R.FAILED: ("staff", ("refund.send",)),
        },
    )
)


class PayoutStatus(models.TextChoices):
    APPROVAL = "approval", _("Waiting for a second pair of eyes")
    PREPARED = "prepared", _("Prepared")
    SENT = "sent", _("At the bank")
    PAID = "paid", _("Paid out")
    FAILED = "failed", _("Failed, back in the balance")
    RETURNED = "returned", _("Sent back by the bank, back in the balance")


class HoldCause(models.TextChoices):
    """Why one store is not paid out; its money stays on its balance."""

    VETTING = "vetting", _("The store is not approved yet; its money waits on the balance until it is.")
    SUSPENDED = "suspended", _("The store is suspended; its money waits on the balance until that is settled.")
    ENDING = "ending", _("The cooperation is ending; the balance is paid out once all orders and cases are closed.")
    OWNER = "owner", _("The account of the store's owner is limited or frozen; the money waits on the balance.")
    COOLING = (
        "cooling",
        _("The owner's phone, password or place of signing in has changed; for three days the money stays here."),
    )


_O = PayoutStatus
PAYOUT = register(
    Machine(
        name="payout",
        states=PayoutStatus,
        moves={
            _O.APPROVAL: frozenset({_O.PREPARED, _O.FAILED}),
            _O.PREPARED: frozenset({_O.SENT, _O.PAID, _O.FAILED}),
            _O.SENT: frozenset({_O.PAID, _O.FAILED}),
            _O.PAID: frozenset({_O.RETURNED}),
            _O.FAILED: frozenset(),
            _O.RETURNED: frozenset(),
        },
        waits={
            _O.APPROVAL: ("staff", ("payout.approve_by",)),
            _O.PREPARED: ("platform", ("payout.send",)),
            _O.SENT: ("bank", ("payout.send",)),
            _O.PAID: ("bank", ("payout.watch",)),  # for some days it may still be sent back; then nobody waits
        },
    )
)


class ReversalStatus(models.TextChoices):
    """Of a part of what a provider had passed on to a merchant, on its way back."""

    PENDING = "pending", _("To be taken back")
    SENT = "sent", _("Asked of the payment provider")
    DONE = "done", _("Taken back")
    FAILED = "failed", _("Not to be had, the merchant owes it")


_V = ReversalStatus
REVERSAL = register(
    Machine(
        name="reversal",
        states=ReversalStatus,
        moves={
            _V.PENDING: frozenset({_V.SENT, _V.DONE, _V.FAILED}),
            _V.SENT: frozenset({_V.DONE, _V.FAILED}),
            _V.DONE: frozenset(),
            _V.FAILED: frozenset(),
        },
        waits={
            # One that is one act with its refund is sent, and waits, with that.
            _V.PENDING: ("platform", ("reversal.send", "refund.send")),
            _V.SENT: ("provider", ("reversal.send", "refund.send")),
        },
    )
)


class StopCause(models.TextChoices):
    """Why payouts are stopped; what stands further below takes the place of what stands above it."""

    PERSON = "person", _("Somebody of the staff threw the switch")
    CUSTODY = "custody", _("What lies at the providers does not cover what is owed")
    BOOKS = "books", _("The books do not agree")


class ReceiptOutcome(models.TextChoices):
    """What became of money that arrived."""

    APPLIED = "applied", _("Held for the orders")
    PARKED = "parked", _("Parked for staff")
    RETURNED = "returned", _("Sent back")


class Parked(models.TextChoices):
    """Why money that arrived could not be applied."""

    WRONG_AMOUNT = "wrong_amount", _("Not the amount that was asked for")
    WRONG_CURRENCY = "wrong_currency", _("Not the currency that was asked for")
    WRONG_PAYEE = "wrong_payee", _("Paid to somebody else's account")
    LATE = "late", _("Arrived after the order was cancelled")
    TWICE = "twice", _("Arrived a second time")
    UNKNOWN = "unknown", _("Nobody knows whose it is")


class ChargebackStatus(models.TextChoices):
    OPEN = "open", _("Taken back by the payer's bank, in dispute")
    WON = "won", _("Won, the money is back")
    LOST = "lost", _("Lost")


_C = ChargebackStatus
CHARGEBACK = register(
    Machine(
        name="chargeback",
        states=ChargebackStatus,
        moves={_C.OPEN: frozenset({_C.WON, _C.LOST}), _C.WON: frozenset(), _C.LOST: frozenset()},
        waits={_C.OPEN: ("provider", ("chargeback.poll",))},
    )
)


# Providers where merchants may have an account of their own, in words.
PROVIDER_LABELS = {"stripe": _("Stripe"), "alipay": _("Alipay"), "wechatpay": _("WeChat Pay")}

# Where a chargeback took money from, as legs of its transfers; a won dispute gives the fee back, too.
ESCROW, MERCHANT, LOSSES, RECEIVABLE, FEES = range(5)


class LineKind(models.TextChoices):
    """What a line of a provider's statement is."""

    PAYMENT = "payment", _("Payment")
    REFUND = "refund", _("Refund")
    PAYOUT = "payout", _("Payout")
    FEE = "fee", _("Provider's fee")
    CHARGEBACK = "chargeback", _("Chargeback")
    OTHER = "other", _("Something else")


class MatchStatus(models.TextChoices):
    """Whether a statement's line agrees with the books."""

    OPEN = "open", _("Not compared yet")
    MATCHED = "matched", _("Agrees")
    DIFFERS = "differs", _("Differs")
    UNKNOWN = "unknown", _("Not in our books")
    EXPLAINED = "explained", _("Explained by staff")


class TicketProblem(models.TextChoices):
    UNKNOWN = "unknown_line", _("A line of theirs that our books do not know")
    AMOUNT = "amount", _("Another amount than ours")
    MISSING = "missing_line", _("Ours without a line of theirs")
    CHANGED = "changed_line", _("A line that they have corrected")
    BALANCE = "balance", _("Another closing balance than ours")
    SILENT = "no_statement", _("Money moves, but no statement has ever come")


class TicketStatus(models.TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Explained")


class CompensationStatus(models.TextChoices):
    """Of an amount that the platform makes good in the incident of an account."""

    APPROVAL = "approval", _("Waiting for a second pair of eyes")
    PAID = "paid", _("Made good")
    REFUSED = "refused", _("Not approved")


_K = CompensationStatus
COMPENSATION = register(
    Machine(
        name="compensation",
        states=CompensationStatus,
        moves={_K.APPROVAL: frozenset({_K.PAID, _K.REFUSED}), _K.PAID: frozenset(), _K.REFUSED: frozenset()},
        waits={_K.APPROVAL: ("staff", ("compensation.approve_by",))},
    )
)
