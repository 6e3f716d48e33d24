"""How an account stands, and the moves between."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _

from core.transitions import Machine, register


class Standing(models.TextChoices):
    """What a person may do at all; checked in services (``accounts.services.standing``), never in pages alone."""

    NORMAL = "normal", _("Normal")
    LIMITED = "limited", _("Limited")
    FROZEN = "frozen", _("Frozen")
    CLOSED = "closed", _("Closed")


_S = Standing
ACCOUNT = register(
    Machine(
        name="account",
        states=Standing,
        moves={
            _S.NORMAL: frozenset({_S.LIMITED, _S.FROZEN, _S.CLOSED}),
            _S.LIMITED: frozenset({_S.NORMAL, _S.FROZEN, _S.CLOSED}),
            _S.FROZEN: frozenset({_S.NORMAL, _S.LIMITED, _S.CLOSED}),
            _S.CLOSED: frozenset(),
        },
        waits={_S.LIMITED: ("member", ("account.look_again",)), _S.FROZEN: ("staff", ("account.look_again",))},
    )
)


class QRStatus(models.TextChoices):
    """A computer waits to be signed in by a phone."""

    WAITING = "waiting", _("Waiting")
    SCANNED = "scanned", _("Scanned")
    APPROVED = "approved", _("Confirmed")
    USED = "used", _("Signed in")
    DECLINED = "declined", _("Refused")
    EXPIRED = "expired", _("Expired")


_Q = QRStatus
QR = register(
    Machine(
        name="qr_login",
        states=QRStatus,
        moves={
            _Q.WAITING: frozenset({_Q.SCANNED, _Q.APPROVED, _Q.DECLINED, _Q.EXPIRED}),
            _Q.SCANNED: frozenset({_Q.APPROVED, _Q.DECLINED, _Q.EXPIRED}),
            _Q.APPROVED: frozenset({_Q.USED, _Q.EXPIRED}),
            _Q.USED: frozenset(),
            _Q.DECLINED: frozenset(),
            _Q.EXPIRED: frozenset(),
        },
        waits={
            _Q.WAITING: ("member", ("qr.expires",)),
            _Q.SCANNED: ("member", ("qr.expires",)),
            _Q.APPROVED: ("browser", ("qr.expires",)),
        },
    )
)


class IncidentStatus(models.TextChoices):
    """An account that was taken over, or seems so."""

    OPENED = "opened", _("Reported")
    INVESTIGATING = "investigating", _("Being looked into")
    ASKED = "asked", _("Waiting for the member's answer")
    CLOSED = "closed", _("Closed")


_I = IncidentStatus
INCIDENT = register(
    Machine(
        name="incident",
        states=IncidentStatus,
        moves={
            _I.OPENED: frozenset({_I.INVESTIGATING, _I.CLOSED}),
            _I.INVESTIGATING: frozenset({_I.ASKED, _I.CLOSED}),
            _I.ASKED: frozenset({_I.INVESTIGATING, _I.CLOSED}),
            _I.CLOSED: frozenset(),
        },
        waits={
            _I.OPENED: ("staff", ("incident.take_by",)),
            _I.INVESTIGATING: ("staff", ("incident.close_by",)),
            _I.ASKED: ("member", ("incident.answer_by",)),  # silence: staff go on with what they have
        },
    )
)


class RecoveryStatus(models.TextChoices):
    """A member without his phone, on the way back into his account."""

    WAITING = "waiting", _("Waiting, so that its owner can object")
    REVIEW = "review", _("To be looked at")
    APPROVED = "approved", _("Approved: a new phone may be proven")
    DONE = "done", _("Recovered")
    REFUSED = "refused", _("Refused")
    STOPPED = "stopped", _("Stopped by the owner")
    EXPIRED = "expired", _("Not used in time")


class RecoveryProof(models.TextChoices):
    """What agreed with our records when somebody said that his phone is lost."""

    DEVICE = "device", _("a browser used before")
    ORDER = "order", _("a paid order")
    SECOND_ORDER = "second_order", _("a second paid order")
    EARLIER_ADDRESS = "earlier_address", _("another address of the account")
    PASSWORD = "password", _("the password")
    STAFF = "staff", _("begun by staff")

    @classmethod
    def words(cls, proofs: Iterable[str]) -> list[str]:
        return [str(cls(proof).label) for proof in proofs if proof in cls.values]


_R = RecoveryStatus
RECOVERY = register(
    Machine(
        name="account_recovery",
        states=RecoveryStatus,
        moves={
            _R.WAITING: frozenset({_R.REVIEW, _R.STOPPED}),
            _R.REVIEW: frozenset({_R.APPROVED, _R.REFUSED, _R.STOPPED}),
            _R.APPROVED: frozenset({_R.DONE, _R.STOPPED, _R.EXPIRED}),
            _R.DONE: frozenset(),
            _R.REFUSED: frozenset(),
            _R.STOPPED: frozenset(),
            _R.EXPIRED: frozenset(),
        },
        waits={
            _R.WAITING: ("nobody", ("recovery.wait",)),  # 72 hours in which the owner can stop it
            _R.REVIEW: ("staff", ("recovery.review_by",)),
            _R.APPROVED: ("member", ("recovery.link_by",)),
        },
    )
)
