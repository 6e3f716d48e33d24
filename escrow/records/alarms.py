"""What must be noticed: sealing that lags, and custody that does not cover what is owed."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from core import alarms
from escrow.records import custody, sealer


def register_all() -> None:
    alarms.register(
        "records.late", _("Movements of money have waited too long to be sealed."), sealer.is_late, unready=True
    )
    alarms.register("custody.short", _("The newest proof of custody does not cover what is owed."), is_short)


def is_short(now: datetime) -> bool:
    return any(not proof.is_covered for proof in custody.newest())
