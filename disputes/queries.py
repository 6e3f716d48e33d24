"""Reading cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from core.errors import NotFound
from core.models import Deadline
from core.wording import when
from disputes.models import Case, Evidence
from disputes.states import OPEN_CASE, CaseStatus

MERCHANTS_TURN = (CaseStatus.OPEN, CaseStatus.RETURN_SENT, CaseStatus.RESEND_DUE)


@dataclass(frozen=True, slots=True)
class StoreWork:
    """How many cases wait for a store, and the nearest clock among them."""

    to_answer: int
    nearest: datetime | None

    @property
    def note(self) -> str:
        return _("next by %(when)s") % {"when": when(self.nearest)} if self.nearest else ""


def store_work(store_id: UUID) -> StoreWork:
    waiting = [str(pk) for pk in Case.objects.filter(store_id=store_id, status__in=MERCHANTS_TURN).values_list("pk", flat=True)]
    clocks = Deadline.objects.filter(subject__in=waiting, done_at__isnull=True).order_by("due_at")
    return StoreWork(len(waiting), clocks.values_list("due_at", flat=True).first() if waiting else None)


def case_for_buyer(user_id: UUID, number: str) -> Case:
    """:raises NotFound: if it is not this buyer's"""
    return _one(Case.objects.filter(buyer_id=user_id), number)


def case_for_store(store_id: UUID, number: str) -> Case:
    """:raises NotFound: if it is not this store's"""
    return _one(Case.objects.filter(store_id=store_id), number)


def case_for_staff(number: str) -> Case:
    return _one(Case.objects.all(), number)


def _one(rows: QuerySet[Case], number: str) -> Case:
    case = rows.select_related("order__store", "buyer", "mediator").filter(number=number.replace("\x00", "")).first()
    if case is None:
        raise NotFound
    return case


def store_cases(store_id: UUID, *, view: str = "open") -> QuerySet[Case]:
    """A store's cases: those that wait for it, all open ones, or closed ones."""
    rule = {"mine": Q(status__in=MERCHANTS_TURN), "open": Q(status__in=OPEN_CASE)}.get(view, ~Q(status__in=OPEN_CASE))
    rows = Case.objects.filter(rule, store_id=store_id).select_related("order", "buyer")
    return rows.order_by("opened_at", "pk") if view in ("mine", "open") else rows.order_by("-closed_at", "-pk")


def store_case_counts(store_id: UUID) -> dict[str, int]:
    return Case.objects.filter(store_id=store_id).aggregate(
        mine=Count("pk", filter=Q(status__in=MERCHANTS_TURN)),
        open=Count("pk", filter=Q(status__in=OPEN_CASE)),
        closed=Count("pk", filter=~Q(status__in=OPEN_CASE)),
    )


def queue(*, view: str, user_id: UUID) -> QuerySet[Case]:
    """The mediators' queue, longest waiting first."""
    rows = Case.objects.select_related("order__store", "buyer", "mediator")
    rule = {
        "mine": Q(status=CaseStatus.MEDIATION, mediator_id=user_id),
        "unassigned": Q(status=CaseStatus.MEDIATION, mediator__isnull=True),
        "open": Q(status__in=OPEN_CASE),
        "closed": ~Q(status__in=OPEN_CASE),
    }.get(view, Q(status=CaseStatus.MEDIATION))
    return rows.filter(rule).order_by("escalated_at", "opened_at", "pk")


def queue_counts(*, user_id: UUID) -> dict[str, int]:
    mediation = Q(status=CaseStatus.MEDIATION)
    return Case.objects.aggregate(
        unassigned=Count("pk", filter=mediation & Q(mediator__isnull=True)),
        mine=Count("pk", filter=mediation & Q(mediator_id=user_id)),
        open=Count("pk", filter=Q(status__in=OPEN_CASE)),
        closed=Count("pk", filter=~Q(status__in=OPEN_CASE)),
    )


def clocks_of(case_ids: list[UUID]) -> dict[UUID, Deadline]:
    """The running clock of each case."""
    names = {str(pk): pk for pk in case_ids}
    rows = Deadline.objects.filter(subject__in=list(names), done_at__isnull=True).order_by("-due_at")
    return {names[row.subject]: row for row in rows}


def evidence_for(*, evidence_id: UUID) -> Evidence:
    """:raises NotFound: if there is none; who may see it is asked with its case"""
    piece = Evidence.objects.select_related("case__order__store").filter(pk=evidence_id).first()
    if piece is None:
        raise NotFound
    return piece
