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
