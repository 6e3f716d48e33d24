"""Notices of reports: to staff, and to whoever made one."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.services.messages import send_email
from core import clock
from core.outbox import Payload
from flows.telling import tell_people, tell_staff
from shop.models import StoreReport
from shop.states import ReportStatus


def staff_reported(payload: Payload) -> None:
    row = _report(payload)
    tell_staff("report.made", row.pk, lambda: (
        _("A report about %(store)s") % {"store": row.store.display_name},
        _("%(ground)s. An answer was promised within three working days.") % {"ground": row.get_ground_display()},
    ), url=reverse("console:report", args=[row.pk]))  # fmt: skip


def staff_report_late(payload: Payload) -> None:
    row = _report(payload)
    tell_staff("report.late", f"{row.pk}:{payload['time']}", lambda: (
        _("A report waits too long: %(store)s") % {"store": row.store.display_name},
        _("Whoever made it was promised an answer."),
    ), url=reverse("console:report", args=[row.pk]))  # fmt: skip


def reporter_answered(payload: Payload) -> None:
    """On the site and by letter; whoever has no account, by letter if he left an address."""
    row = _report(payload)

    def words() -> tuple[str, str]:
        is_so = row.status == ReportStatus.UPHELD
        done = _("We found it to be so and act on it.") if is_so else _("We leave it as it is.")
        subject = _("Our answer to your report about %(store)s") % {"store": row.store.display_name}
        return subject, f"{done} {row.answer}"

    if row.reporter_id is not None:
        tell_people([row.reporter_id], "report.answered", row.pk, words, url=reverse("shop:report"))
    elif row.email:
        with translation.override(row.language):
            subject, body = words()
        send_email(to=row.email, subject=subject, body=f"{body}\n\n-- \n{settings.SITE_NAME}",
                   key=f"report.answered:{row.pk}", now=clock.now())  # fmt: skip


def _report(payload: Payload) -> StoreReport:
    return StoreReport.objects.select_related("store").get(pk=payload["report_id"])
