"""Incidents of accounts, as their owner and as staff read them; and people, as staff look them up."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from accounts.models import AccountRecovery, Incident, IncidentEntry, UnfreezeRequest, User
from accounts.states import IncidentStatus, RecoveryStatus
from core.errors import NotFound

MOST = 50
OPEN = (IncidentStatus.OPENED, IncidentStatus.INVESTIGATING, IncidentStatus.ASKED)


def incident_of(user_id: UUID, incident_id: UUID) -> Incident:
    """:raises NotFound: if this person has none such"""
    row = Incident.objects.filter(pk=incident_id, user_id=user_id).first()
    if row is None:
        raise NotFound
    return row


def incidents_of(user_id: UUID) -> QuerySet[Incident]:
    return Incident.objects.filter(user_id=user_id).order_by("-opened_at", "pk")


def entries_for_member(row: Incident) -> QuerySet[IncidentEntry]:
    """All but the notes that staff write for each other."""
    return row.entries.exclude(kind=IncidentEntry.Kind.NOTE).order_by("at", "pk")


def incident_for_staff(incident_id: UUID) -> Incident:
    """:raises NotFound: if there is none"""
    row = Incident.objects.select_related("user").filter(pk=incident_id).first()
    if row is None:
        raise NotFound
    return row


def incident_queue(*statuses: str) -> QuerySet[Incident]:
    """Open ones with the longest waiting first; closed ones with the newest first."""
    rows = Incident.objects.select_related("user").filter(status__in=statuses or OPEN)
    is_closed = statuses == (IncidentStatus.CLOSED,)
    return rows.order_by(*(("-closed_at", "pk") if is_closed else ("opened_at", "pk")))


def incident_counts() -> dict[str, int]:
    rows = Incident.objects.values_list("status").annotate(n=Count("pk")).order_by()
    return dict.fromkeys(IncidentStatus.values, 0) | dict(rows)


def find_people(text: str) -> QuerySet[User]:
    """By the whole of an e-mail or phone, or a part of a name; an empty text finds those that are not normal."""
    rows = User.objects.order_by("-date_joined", "pk")
    text = text.replace("\x00", "").strip()[:100]
    if not text:
        return rows.exclude(standing="normal")
    digits = text.replace(" ", "").replace("-", "")
    same = Q(email=text.lower()) | Q(phone=digits) | Q(phone=f"+86{digits}") | Q(name__icontains=text)
    with suppress(ValueError):
        same |= Q(pk=UUID(text))
    return rows.filter(same)


def unfreeze_request(user_id: UUID) -> UnfreezeRequest | None:
    return UnfreezeRequest.objects.filter(user_id=user_id, in_force=True).first()


def recoveries(status: str) -> QuerySet[AccountRecovery]:
    """In one state: open ones with the longest waiting first, ended ones with the newest first."""
    rows = AccountRecovery.objects.select_related("user").filter(status=status)
    is_open = status in (RecoveryStatus.WAITING, RecoveryStatus.REVIEW, RecoveryStatus.APPROVED)
    return rows.order_by("started_at" if is_open else "-started_at", "pk")


def recovery_counts() -> dict[str, int]:
    rows = AccountRecovery.objects.values_list("status").annotate(n=Count("pk")).order_by()
    return dict.fromkeys(RecoveryStatus.values, 0) | dict(rows)


def recovery_for_staff(recovery_id: UUID) -> AccountRecovery:
    """:raises NotFound: if there is none"""
    row = AccountRecovery.objects.select_related("user").filter(pk=recovery_id).first()
    if row is None:
        raise NotFound
    return row
