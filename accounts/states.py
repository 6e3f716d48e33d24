"""How an account stands, and the moves between."""

from __future__ import annotations

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
