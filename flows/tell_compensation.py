"""Notices of what is made good in an incident: to the member that it is, to staff that an amount waits for a second."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.services.notices import in_language_of, notify
from core import clock
from core.outbox import Payload
from escrow.models import Compensation
from escrow.states import CompensationStatus
from flows.telling import tell_staff
from shop.models import Store


def member_compensated(payload: Payload) -> None:
    row = Compensation.objects.select_related("incident").get(pk=payload["compensation_id"])
    user_id = row.incident.user_id
    with in_language_of(user_id):
        subject = _("We make %(amount)s good to you") % {"amount": row.amount}
        notify(
            user_id=user_id, kind="account.compensation", key=f"compensation:{row.pk}", subject=subject,
            body=f"{_way(row)} {_('Our reason: %(why)s') % {'why': row.reason}}",
            url=reverse("accounts:incident", args=[row.incident_id]), now=clock.now(),
        )  # fmt: skip


def staff_compensation_waits(payload: Payload) -> None:
    """At once, and again with each reminder, while it still waits."""
    row = Compensation.objects.select_related("incident__user").get(pk=payload["compensation_id"])
    if row.status != CompensationStatus.APPROVAL:
        return
    tell_staff("account.compensation_waits", f"{row.pk}:{payload['time']}", lambda: (
        _("%(amount)s is to be made good: a second person has to agree") % {"amount": row.amount},
        _("It is for %(name)s. The reason given: %(why)s")
        % {"name": row.incident.user.display_name, "why": row.reason},
    ), url=reverse("console:incident", args=[row.incident_id]))  # fmt: skip


def _way(row: Compensation) -> str:
    if row.store_id is None:
        return _("It is on its way back to you as you paid. You need not do anything.")
    store = Store.objects.get(pk=row.store_id)
    return _("It is on the balance of %(store)s and leaves with the next payout.") % {"store": store.display_name}
