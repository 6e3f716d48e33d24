"""What must be noticed about payouts. The site stays ready: buyers pay and money is held as ever, it only waits."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from core import alarms
from escrow.queries.payouts import stop_in_force


def register_all() -> None:
    alarms.register("payouts.stopped", _("Payouts are stopped: nothing leaves for merchants' banks."), is_stopped)


def is_stopped(now: datetime) -> bool:
    return stop_in_force() is not None
