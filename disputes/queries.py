"""Reading cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from core.errors import NotFound
from core.links import LinkGone
from core.models import Deadline, Policy
from core.policies import from_values
from core.wording import when
from disputes.models import Case, CaseEntry, Evidence
from disputes.states import OPEN_CASE, CaseStatus


def _merchants_turn() -> Q:
    """
    Cases that wait for their merchant, as the money sentence has it: returned goods do once they have come.

    A carrier that reports nothing never says so; then they wait for him from the start.
    """
    came = Q(order__shipments__status="delivered", order__shipments__delivered_at__isnull=False)
    back = Case.objects.filter(
        came | Q(order__shipments__carrier__adapter="manual"),
        status=CaseStatus.RETURN_SENT, order__shipments__direction="back",
        order__shipments__created_at__gte=F("opened_at"),
    )  # fmt: skip
    return Q(status__in=(CaseStatus.OPEN, CaseStatus.RESEND_DUE)) | Q(pk__in=back.values("pk"))


@dataclass(frozen=True, slots=True)
class StoreWork:
    """How many cases wait for a store, and the nearest clock among them."""

    to_answer: int
    nearest: datetime | None

    @property
    def note(self) -> str:
        return _("next by %(when)s") % {"when": when(self.nearest)} if self.nearest else ""


def store_work(store_id: UUID) -> StoreWork:
    waiting = [str(pk) for pk in Case.objects.filter(_merchants_turn(), store_id=store_id).values_list("pk", flat=True)]
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


@dataclass(frozen=True, slots=True)
class History:
    """How often the two have been here before; no verdict, only numbers."""

    buyer: int
    store: int


def case_with_history(number: str, *, viewer_id: UUID) -> tuple[Case, History]:
    """
    A case for its mediator, in one query; ``case.viewer_works_there`` says whether he is of its store.

    :raises NotFound: if there is none
    """
    of_store = Case.objects.filter(
        pk=OuterRef("pk"), order__store__members__user_id=viewer_id, order__store__members__left_at__isnull=True
    )
    rows = Case.objects.annotate(
        others_of_buyer=_others("buyer_id"), others_of_store=_others("store_id"), viewer_works_there=Exists(of_store)
    )
    case: Any = _one(rows, number)
    return case, History(buyer=case.others_of_buyer, store=case.others_of_store)


def _others(column: str) -> Coalesce:
    others = Case.objects.filter(**{column: OuterRef(column)}).exclude(pk=OuterRef("pk")).order_by()
    return Coalesce(Subquery(others.values(column).annotate(n=Count("pk")).values("n")), 0)


def _one(rows: QuerySet[Case], number: str) -> Case:
    case = (
        rows.select_related("order__store", "order__payment", "order__hold", "buyer", "mediator", "ruling")
        .filter(number=number.replace("\x00", ""))
        .first()
    )
    if case is None:
        raise NotFound
    return case


def store_cases(store_id: UUID, *, view: str = "open") -> QuerySet[Case]:
    """A store's cases: those that wait for it, all open ones, or closed ones."""
    rule = {"mine": _merchants_turn(), "open": Q(status__in=OPEN_CASE)}.get(view, ~Q(status__in=OPEN_CASE))
    rows = Case.objects.filter(rule, store_id=store_id).select_related("order", "buyer")
    return rows.order_by("opened_at", "pk") if view in ("mine", "open") else rows.order_by("-closed_at", "-pk")


def store_case_counts(store_id: UUID) -> dict[str, int]:
    return Case.objects.filter(store_id=store_id).aggregate(
        mine=Count("pk", filter=_merchants_turn()),
        open=Count("pk", filter=Q(status__in=OPEN_CASE)),
        closed=Count("pk", filter=~Q(status__in=OPEN_CASE)),
    )


def overdue_rule(*, now: datetime) -> Q:
    """Cases whose decision was due: the printed time of the policy their order was bought under has passed."""
    late = Q(pk__in=[])
    for policy in Policy.objects.all():
        rules = from_values(policy.values)
        allowed = timedelta(hours=rules.evidence_hours + rules.decide_hours)
        late |= Q(order__policy_id=policy.pk, escalated_at__lt=now - allowed)
    return Q(status=CaseStatus.MEDIATION) & late


def queue(*, view: str, user_id: UUID, now: datetime) -> QuerySet[Case]:
    """The mediators' queue, longest waiting first; closed cases, newest first."""
    rows = Case.objects.select_related("order__store", "buyer", "mediator")
    found = rows.filter(_queue_rules(user_id, now).get(view, Q(status=CaseStatus.MEDIATION)))
    return (
        found.order_by("-closed_at", "-pk") if view == "closed" else found.order_by("escalated_at", "opened_at", "pk")
    )


def queue_counts(*, user_id: UUID, now: datetime) -> dict[str, int]:
    """How many cases are in each view of the queue."""
    rules = _queue_rules(user_id, now)
    return Case.objects.aggregate(**{view: Count("pk", filter=rule) for view, rule in rules.items()})


def _queue_rules(user_id: UUID, now: datetime) -> dict[str, Q]:
    mediation = Q(status=CaseStatus.MEDIATION)
    return {
        "unassigned": mediation & Q(mediator__isnull=True),
        "mine": mediation & Q(mediator_id=user_id),
        "overdue": overdue_rule(now=now),
        "all": mediation,
        "talking": Q(status__in=OPEN_CASE) & ~mediation,
        "closed": ~Q(status__in=OPEN_CASE),
    }


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


def entry_with_links(pk: int) -> CaseEntry:
    """
    A message with links, with its case, order and store.

    :raises LinkGone: if there is none
    """
    entry = CaseEntry.objects.select_related("case__order__store").filter(pk=pk, act="said").first()
    if entry is None or not entry.facts.get("links"):
        raise LinkGone
    return entry
