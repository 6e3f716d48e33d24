"""After-sale cases: who has to act, and what silence means."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.transitions import Machine, register


class CaseStatus(models.TextChoices):
    OPEN = "open", _("Waiting for the merchant's answer")
    OFFERED = "offered", _("The merchant has made an offer")
    REFUSED = "refused", _("The merchant has refused")
    RETURN_DUE = "return_due", _("Agreed: the buyer sends the goods back")
    RETURN_SENT = "return_sent", _("The goods are on their way back")
    RESEND_DUE = "resend_due", _("Agreed: the merchant sends again")
    MEDIATION = "mediation", _("The platform decides")
    AGREED = "agreed", _("Settled by agreement")
    RULED = "ruled", _("Decided by the platform")
    WITHDRAWN = "withdrawn", _("Withdrawn by the buyer")


_C = CaseStatus
_ANSWERS = frozenset({_C.REFUSED, _C.RETURN_DUE, _C.RESEND_DUE, _C.MEDIATION, _C.AGREED, _C.WITHDRAWN})
CASE = register(
    Machine(
        name="case",
        states=CaseStatus,
        moves={
            _C.OPEN: _ANSWERS | {_C.OFFERED},
            _C.OFFERED: _ANSWERS | {_C.OPEN},
            _C.REFUSED: (_ANSWERS - {_C.REFUSED}) | {_C.OPEN, _C.OFFERED},
            _C.RETURN_DUE: frozenset({_C.RETURN_SENT, _C.MEDIATION, _C.WITHDRAWN}),
            _C.RETURN_SENT: frozenset({_C.AGREED, _C.MEDIATION}),
            _C.RESEND_DUE: frozenset({_C.AGREED, _C.MEDIATION, _C.WITHDRAWN}),
            _C.MEDIATION: frozenset({_C.RULED, _C.AGREED, _C.WITHDRAWN, _C.RETURN_DUE, _C.RESEND_DUE}),
            _C.AGREED: frozenset(),
            _C.RULED: frozenset(),
            _C.WITHDRAWN: frozenset(),
        },
        waits={
            _C.OPEN: ("merchant", ("case.answer_by",)),  # silence accepts
            _C.OFFERED: ("buyer", ("case.escalate_by",)),  # silence withdraws
            _C.REFUSED: ("buyer", ("case.escalate_by",)),
            _C.RETURN_DUE: ("buyer", ("case.return_by",)),  # silence withdraws
            _C.RETURN_SENT: ("merchant", ("case.inspect_by",)),  # silence refunds once the goods have come
            _C.RESEND_DUE: ("merchant", ("case.resend_by",)),  # silence refunds
            _C.MEDIATION: ("mediator", ("case.decide_by",)),  # overdue: shown to seniors, both parties told
        },
    )
)  # fmt: skip
OPEN_CASE = (_C.OPEN, _C.OFFERED, _C.REFUSED, _C.RETURN_DUE, _C.RETURN_SENT, _C.RESEND_DUE, _C.MEDIATION)


class Ground(models.TextChoices):
    NOT_RECEIVED = "not_received", _("Not received")
    NOT_AS_DESCRIBED = "not_as_described", _("Not as described")
    CHANGED_MIND = "changed_mind", _("Changed my mind or another reason")


class Remedy(models.TextChoices):
    """What is wanted or offered (D20)."""

    REFUND = "refund", _("Full refund, nothing sent back")
    PARTIAL = "partial", _("Partial refund, goods kept")
    RETURN = "return", _("Send back and refund")
    EXCHANGE = "exchange", _("Exchange")
    RESEND = "resend", _("Send again")


MONEY_REMEDIES = (Remedy.REFUND, Remedy.PARTIAL, Remedy.RETURN)


class Party(models.TextChoices):
    BUYER = "buyer", _("Buyer")
    MERCHANT = "merchant", _("Merchant")
    PLATFORM = "platform", _("Platform")
    CARRIER = "carrier", _("Carrier")
