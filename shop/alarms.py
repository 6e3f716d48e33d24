"""What must be noticed about codes: a payment that has delivered nothing for minutes."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from core import alarms
from shop.queries.codes import late_code_orders

LATE = timedelta(minutes=5)


def register_all() -> None:
    alarms.register("codes.late", _("Orders of codes are paid and have had none for five minutes."), is_late)


def is_late(now: datetime) -> bool:
    return late_code_orders(before=now - LATE) > 0
