"""How an account stands."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Standing(models.TextChoices):
    """What a person may do at all; checked in services (``accounts.services.standing``), never in pages alone."""

    NORMAL = "normal", _("Normal")
    LIMITED = "limited", _("Limited")
    FROZEN = "frozen", _("Frozen")
    CLOSED = "closed", _("Closed")
