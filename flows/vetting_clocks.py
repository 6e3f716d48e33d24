"""What happens by itself with applications, documents, checks and invitations: the deadline handlers of the vetting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from core import deadlines, outbox
from core.workdays import add_working_days
from flows import standing as ends
from shop.models import DocumentKind, StoreApplication, StoreCheck, StoreDocument, StoreReport
from shop.services import applications, checks, documents, standing, team
from shop.states import ApplicationStatus, CheckStatus, DocumentStatus, ReportStatus, StoreStatus

LATE_EVERY = 1  # working days between two calls to staff about something late


def remind_to_apply(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        applications.remind(application_id=UUID(subject), now=now)


def review_is_late(subjects: Sequence[str], now: datetime) -> None:
    """An application waits longer than was promised: staff hear of it each working day until it is decided."""
    for subject in subjects:
        with transaction.atomic():
            deadlines.finish("application.review_by", subjects=[subject])
            row = StoreApplication.objects.get(pk=subject)
            if row.status == ApplicationStatus.SUBMITTED:
                deadlines.schedule("application.review_by", subject=subject, due_at=add_working_days(now, LATE_EVERY))
                outbox.publish("vetting.review_late", application_id=subject, time=now.date().isoformat())


def renewal_is_late(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        with transaction.atomic():
            deadlines.finish("document.review_by", subjects=[subject])
            row = StoreDocument.objects.get(pk=subject)
            if row.status == DocumentStatus.REVIEW:
                deadlines.schedule("document.review_by", subject=subject, due_at=add_working_days(now, LATE_EVERY))
                outbox.publish("vetting.renewal_late", document_id=subject, time=now.date().isoformat())


def remind_of_document(subjects: Sequence[str], now: datetime) -> None:
    """It runs out in so many days, or was sent back, or has run out: its merchant is reminded."""
    for subject in subjects:
        pk, _, what = subject.partition(":")
        with transaction.atomic():
            deadlines.finish("document.remind", subjects=[subject])
            row = StoreDocument.objects.get(pk=pk)
            if row.status not in (DocumentStatus.ACCEPTED, DocumentStatus.RETURNED, DocumentStatus.EXPIRED):
                continue
            if what.isdigit():
                outbox.publish("vetting.document_ends", document_id=pk, days=int(what))
                continue
            deadlines.schedule("document.remind", subject=subject, due_at=now + documents.REMIND_EVERY)
            outbox.publish("vetting.document_waits", document_id=pk, time=now.date().isoformat())


def expire_documents(subjects: Sequence[str], now: datetime) -> None:
    """
    A document has run out. A licence stops the whole store, a permit or an authorisation the goods that hang on it;
    whether others are of that brand without saying so only people can see, so a check is opened. Orders and money go on
    as they were.
    """
    for subject in subjects:
        with transaction.atomic():
            row = documents.expire(document_id=UUID(subject), now=now)
            if row is None:
                continue
            standing.lock_store(row.store_id)  # before its products, as everybody does
            stopped = standing.stop_listings(row)
            if row.kind == DocumentKind.BRAND:
                reason = f"The authorisation of the brand {row.brand} has run out: do other goods need it?"
                checks.open_periodic(store_id=row.store_id, reason=reason[:300], now=now)
            standing.refresh(row.store_id)
            outbox.publish("vetting.document_expired", document_id=subject, stopped=stopped)


def open_checks(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        checks.open_periodic(store_id=UUID(subject), now=now)


def check_is_late(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        with transaction.atomic():
            deadlines.finish("check.review_by", subjects=[subject])
            row = StoreCheck.objects.get(pk=subject)
            if row.status == CheckStatus.OPEN:
                deadlines.schedule("check.review_by", subject=subject, due_at=add_working_days(now, LATE_EVERY))
                outbox.publish("vetting.check_late", check_id=subject, time=now.date().isoformat())


def report_is_late(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        with transaction.atomic():
            deadlines.finish("report.answer_by", subjects=[subject])
            if StoreReport.objects.filter(pk=subject, status=ReportStatus.OPEN).exists():
                deadlines.schedule("report.answer_by", subject=subject, due_at=add_working_days(now, LATE_EVERY))
                outbox.publish("report.late", report_id=subject, time=now.date().isoformat())


def look_again(subjects: Sequence[str], now: datetime) -> None:
    """A store has been suspended for two weeks: staff decide whether it goes on or ends."""
    for subject in subjects:
        with transaction.atomic():
            deadlines.finish("store.look_again", subjects=[subject])
            store = standing.lock_store(UUID(subject))
            if store.status == StoreStatus.SUSPENDED:
                deadlines.schedule("store.look_again", subject=subject, due_at=now + timedelta(days=7))
                outbox.publish("vetting.still_suspended", store_id=subject, time=now.date().isoformat())


def wind_up(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        ends.wind_up(UUID(subject), now=now)


def remind_to_sign(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        ends.remind_to_sign(UUID(subject), now=now)


def expire_invitations(subjects: Sequence[str], now: datetime) -> None:
    for subject in subjects:
        team.expire(invitation_id=UUID(subject), now=now)
