"""Reading applications, documents, checks and stores, for reviewers and for merchants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from core import deadlines
from core.errors import NotFound
from core.models import AuditEntry, Deadline
from core.workdays import add_working_days
from shop.models import Category, DocumentKind, Store, StoreApplication, StoreCheck, StoreDocument, StoreReport
from shop.states import STANDING, ApplicationStatus, CheckStatus, DocumentStatus, ReportStatus, StoreStatus

REVIEW_DAYS = 3  # working days, from sending in to a decision
SOON = timedelta(days=60)


def application_of(store: Store) -> StoreApplication | None:
    return StoreApplication.objects.select_related("store", "reviewer").filter(store=store).first()


def application_for_staff(pk: UUID) -> StoreApplication:
    """:raises NotFound: if there is none"""
    row = StoreApplication.objects.select_related("store__owner", "reviewer").filter(pk=pk).first()
    if row is None:
        raise NotFound
    return row


def wanted_names(row: StoreApplication) -> list[str]:
    """The categories somebody wants to sell in, as readers know them."""
    return [one.display_name for one in Category.objects.filter(slug__in=row.categories).order_by("position", "pk")]


def queue(*, view: str, user_id: UUID, now: datetime) -> QuerySet[StoreApplication]:
    """Applications in a view of the queue, the longest waiting first; decided ones newest first."""
    rows = StoreApplication.objects.select_related("store", "reviewer").filter(_views(user_id, now)[view])
    return (
        rows.order_by("-decided_at", "-pk") if view == "decided" else rows.order_by("submitted_at", "created_at", "pk")
    )


def queue_counts(*, user_id: UUID, now: datetime) -> dict[str, int]:
    views = _views(user_id, now)
    return StoreApplication.objects.aggregate(**{name: Count("pk", filter=rule) for name, rule in views.items()})


def _views(user_id: UUID, now: datetime) -> dict[str, Q]:
    waiting = Q(status=ApplicationStatus.SUBMITTED)
    return {
        "unassigned": waiting & Q(reviewer__isnull=True),
        "mine": waiting & Q(reviewer_id=user_id),
        "overdue": waiting & Q(submitted_at__lt=overdue_before(now)),
        "all": waiting,
        "merchant": Q(status__in=(ApplicationStatus.DRAFT, ApplicationStatus.RETURNED)),
        "decided": Q(status__in=(ApplicationStatus.APPROVED, ApplicationStatus.REFUSED, ApplicationStatus.LAPSED)),
    }


def open_reports() -> QuerySet[StoreReport]:
    """What was reported and has no answer, the longest waiting first."""
    return StoreReport.objects.filter(status=ReportStatus.OPEN).order_by("made_at", "pk")


def closed_reports() -> QuerySet[StoreReport]:
    """What was answered, the newest first."""
    return StoreReport.objects.exclude(status=ReportStatus.OPEN).order_by("-answered_at", "-pk")


def overdue_before(now: datetime) -> datetime:
    """Who sent in before this moment has waited longer than the promised three working days."""
    at = now
    while add_working_days(at, REVIEW_DAYS) > now:
        at -= timedelta(hours=6)
    return at


def renewals(*, user_id: UUID | None = None) -> QuerySet[StoreDocument]:
    """Documents of stores that sell already, waiting for a look; the oldest first. Nobody renews for one that ended."""
    rows = StoreDocument.objects.filter(status=DocumentStatus.REVIEW).exclude(
        Q(store__application__status=ApplicationStatus.SUBMITTED)
        | Q(store__status__in=(StoreStatus.APPLYING, StoreStatus.ENDED))
    )
    rows = rows.filter(reviewer_id=user_id) if user_id else rows
    return rows.select_related("store", "reviewer", "replaces").order_by("uploaded_at", "pk")


def renewal_for_staff(pk: UUID) -> StoreDocument:
    """:raises NotFound: if there is none, or it belongs to an application"""
    rows = StoreDocument.objects.select_related("store", "reviewer", "replaces").exclude(status=DocumentStatus.REMOVED)
    row = rows.filter(pk=pk).exclude(store__application__status=ApplicationStatus.SUBMITTED).first()
    if row is None or row.store.status == StoreStatus.APPLYING:
        raise NotFound
    return row


def checks(*, open_only: bool = True) -> QuerySet[StoreCheck]:
    rows = StoreCheck.objects.select_related("store", "reviewer")
    if open_only:
        return rows.filter(status=CheckStatus.OPEN).order_by("opened_at", "pk")
    return rows.exclude(status=CheckStatus.OPEN).order_by("-closed_at", "-pk")


def calendar(*, limit: int = 50) -> list[tuple[Store, datetime]]:
    """Which stores are looked at next, and when."""
    rows = Deadline.objects.filter(kind="store.check", done_at__isnull=True).order_by("due_at", "id")[:limit]
    due = {UUID(row.subject): row.due_at for row in rows}
    stores = Store.objects.in_bulk(list(due))
    return [(stores[pk], at) for pk, at in due.items() if pk in stores]


def stores_for_staff(*, status: str = "", text: str = "") -> QuerySet[Store]:
    """Stores by name or address; all, or those that stand somewhere."""
    rows = Store.objects.select_related("owner").annotate(
        has_expired=Exists(StoreDocument.objects.filter(store=OuterRef("pk"), status=DocumentStatus.EXPIRED))
    )
    rows = rows.filter(status=status) if status in StoreStatus.values else rows
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(name_en__icontains=text) | Q(slug__icontains=text))
    return rows.order_by("created_at", "pk")


def store_counts() -> dict[str, int]:
    rows = Store.objects.values_list("status").annotate(n=Count("pk")).order_by()
    return dict.fromkeys(StoreStatus.values, 0) | dict(rows)


def documents_of(store_id: UUID, *, all_versions: bool = False) -> list[StoreDocument]:
    """A store's documents that stand, by kind; with ``all_versions`` those that were replaced too."""
    rows = StoreDocument.objects.filter(store_id=store_id).select_related("reviewer")
    rows = rows.exclude(status=DocumentStatus.REMOVED) if all_versions else rows.filter(status__in=STANDING)
    return list(rows.order_by("kind", "permit", "brand", "-uploaded_at"))


def running_out(store_id: UUID, *, now: datetime) -> list[StoreDocument]:
    """Documents that have run out or soon will, and for which no renewal waits."""
    soon = (now + SOON).date()
    renewed = StoreDocument.objects.filter(replaces=OuterRef("pk"), status=DocumentStatus.REVIEW)
    rows = StoreDocument.objects.filter(~Exists(renewed), store_id=store_id)
    found = rows.filter(Q(status=DocumentStatus.EXPIRED) | Q(status=DocumentStatus.ACCEPTED, valid_until__lte=soon))
    return list(found.order_by("valid_until", "pk"))


def seen_licence(store_id: UUID) -> StoreDocument | None:
    """The business licence that we have seen of a store, if it is good."""
    rows = StoreDocument.objects.filter(store_id=store_id, kind=DocumentKind.LICENCE, status=DocumentStatus.ACCEPTED)
    return rows.order_by("-decided_at").first()


def review_due(application_ids: Sequence[UUID]) -> dict[str, datetime]:
    """Until when each application was promised a decision: three working days after it was sent in."""
    rows = StoreApplication.objects.filter(pk__in=application_ids, submitted_at__isnull=False)
    return {
        str(pk): add_working_days(at, REVIEW_DAYS)
        for pk, at in rows.values_list("pk", "submitted_at")
        if at is not None
    }


def clash_of(store_id: UUID) -> list[Store]:
    """Stores whose licence number was entered here too; a hint for staff alone."""
    return _others(store_id, "store.licence_clash")


def known_licence_of(store_id: UUID) -> list[Store]:
    """Stores that were refused or have ended with the licence that was entered here."""
    return _others(store_id, "store.licence_known")


def _others(store_id: UUID, act: str) -> list[Store]:
    rows = AuditEntry.objects.filter(subject_type="store", subject=str(store_id), act=act)
    return list(Store.objects.filter(pk__in={facts["other"] for facts in rows.values_list("facts", flat=True)}))


def trail_of(*subjects: tuple[str, str], limit: int = 60) -> list[AuditEntry]:
    """What was done to these things, the newest first."""
    rule = Q()
    for kind, subject in subjects:
        rule |= Q(subject_type=kind, subject=subject)
    return list(AuditEntry.objects.filter(rule).order_by("-id")[:limit])


def open_clocks(subject: UUID) -> list[Deadline]:
    return deadlines.open_deadlines(subjects=[subject])
