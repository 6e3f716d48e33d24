"""The incident of an account, from “my account was taken” to the note that closes it. Acts on the account: flows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Incident, IncidentEntry, User
from accounts.states import INCIDENT, IncidentStatus
from core import deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import Forbidden, IllegalTransition, Invalid, NotFound
from core.transitions import advance

TAKE_BY, CLOSE_BY, ANSWER_BY = timedelta(hours=24), timedelta(days=7), timedelta(days=7)
MOST = 4_000
Kind = IncidentEntry.Kind
_CLOCKS = ("incident.take_by", "incident.close_by", "incident.answer_by")


class NeedsWords(Invalid):
    code = "needs_words"
    default_message = _("Please write a few words.")


@transaction.atomic
def open_incident(*, user_id: UUID, text: str, actor: Actor, now: datetime) -> Incident:
    """
    Open the incident of an account; words to one that is open already go there.

    :raises Forbidden: if it is neither the member himself nor staff
    :raises NeedsWords: if nothing is said
    """
    is_staff = _is_staff_for(user_id, actor)
    User.objects.select_for_update().get(pk=user_id)
    row = Incident.objects.filter(user_id=user_id).exclude(status=IncidentStatus.CLOSED).first()
    if row is not None:
        say(incident_id=row.pk, text=text, actor=actor, now=now)
        return row
    assert actor.user_id is not None
    words = _words(text)
    row = Incident.objects.create(user_id=user_id, opened_by=actor.user_id, opened_at=now)
    write(row, kind=Kind.SAID, text=words, actor=actor, by_staff=is_staff, now=now)
    deadlines.schedule("incident.take_by", subject=row.pk, due_at=now + TAKE_BY)
    outbox.publish("accounts.incident_opened", incident_id=str(row.pk))
    return row


@transaction.atomic
def say(*, incident_id: UUID, text: str, actor: Actor, now: datetime) -> Incident:
    """
    Add words. Those of the member end the wait for his answer; those of staff are a note he does not see.

    :raises NotFound: if it is none of his
    :raises IllegalTransition: if it is closed
    """
    row = locked(incident_id)
    is_staff = _is_staff_for(row.user_id, actor)
    if row.status == IncidentStatus.CLOSED:
        raise IllegalTransition
    write(row, kind=Kind.NOTE if is_staff else Kind.SAID, text=_words(text), actor=actor, by_staff=is_staff, now=now)
    if not is_staff and row.status == IncidentStatus.ASKED:
        _look_on(row, actor=actor, reason="the member has answered", now=now)
    if not is_staff:
        outbox.publish("accounts.incident_said", incident_id=str(row.pk), at=now.isoformat())
    return row


@transaction.atomic
def take(*, incident_id: UUID, actor: Actor, now: datetime) -> Incident:
    """:raises IllegalTransition: if somebody has taken it"""
    row = locked(incident_id)
    _staff_only(row, actor)
    if row.status != IncidentStatus.OPENED:
        raise IllegalTransition
    _look_on(row, actor=actor, reason="taken", now=now, handler_id=actor.user_id)
    return row


@transaction.atomic
def ask(*, incident_id: UUID, text: str, actor: Actor, now: datetime) -> Incident:
    """Ask the member something; if he says nothing in a week, staff go on with what they have."""
    row = locked(incident_id)
    _staff_only(row, actor)
    advance(row, IncidentStatus.ASKED, machine=INCIDENT, actor=actor, reason="asked")
    write(row, kind=Kind.ASKED, text=_words(text), actor=actor, by_staff=True, now=now)
    deadlines.cancel_all(subjects=[row.pk], kinds=_CLOCKS)
    deadlines.schedule("incident.answer_by", subject=row.pk, due_at=now + ANSWER_BY)
    outbox.publish("accounts.incident_asked", incident_id=str(row.pk), at=now.isoformat())
    return row


@transaction.atomic
def close(*, incident_id: UUID, closing: str, compensation: str, actor: Actor, now: datetime) -> Incident:
    """
    Close it with what was found, and what was made good. Whether the account is open is another question.

    :raises NeedsWords: if nothing is said
    """
    row = locked(incident_id)
    _staff_only(row, actor)
    advance(
        row, IncidentStatus.CLOSED, machine=INCIDENT, actor=actor, reason="closed", closing=_words(closing),
        compensation=compensation.strip()[:MOST], closed_at=now, handler_id=row.handler_id or actor.user_id,
    )  # fmt: skip
    deadlines.cancel_all(subjects=[row.pk], kinds=_CLOCKS)
    outbox.publish("accounts.incident_closed", incident_id=str(row.pk))
    return row


@transaction.atomic
def answers_due(*, incident_id: UUID, now: datetime) -> None:
    """The clock: a member who does not answer holds nothing up."""
    row = locked(incident_id)
    deadlines.finish("incident.answer_by", subjects=[row.pk])
    if row.status == IncidentStatus.ASKED:
        _look_on(row, actor=SYSTEM, reason="no answer in a week", now=now)


def note_measure(*, user_id: UUID, measure: str, reason: str, actor: Actor, now: datetime) -> None:
    """Write what was done to an account, and why, into its open incident, if there is one."""
    row = Incident.objects.filter(user_id=user_id).exclude(status=IncidentStatus.CLOSED).first()
    if row is not None:
        write(
            row, kind=Kind.MEASURE, text=reason, actor=actor, by_staff=actor.is_mediator, now=now, measure=measure
        )  # fmt: skip


def write(
    row: Incident, *, kind: str, text: str, actor: Actor, by_staff: bool, now: datetime, measure: str = ""
) -> None:  # fmt: skip
    IncidentEntry.objects.create(
        incident=row, at=now, by=actor.user_id, by_staff=by_staff, kind=kind, text=text[:MOST], measure=measure
    )  # fmt: skip


def locked(incident_id: UUID) -> Incident:
    row = Incident.objects.select_for_update().filter(pk=incident_id).first()
    if row is None:
        raise NotFound
    return row


def _look_on(row: Incident, *, actor: Actor, reason: str, now: datetime, **more: Any) -> None:
    advance(row, IncidentStatus.INVESTIGATING, machine=INCIDENT, actor=actor, reason=reason, **more)
    deadlines.cancel_all(subjects=[row.pk], kinds=_CLOCKS)
    deadlines.schedule("incident.close_by", subject=row.pk, due_at=now + CLOSE_BY)


def _is_staff_for(user_id: UUID, actor: Actor) -> bool:
    if actor.user_id == user_id:
        return False
    if not actor.is_mediator:
        raise NotFound
    return True


def _staff_only(row: Incident, actor: Actor) -> None:
    """:raises Forbidden: if it is not staff, or his own account"""
    if not actor.is_mediator or actor.user_id == row.user_id:
        raise Forbidden


def _words(text: str) -> str:
    words = text.replace("\x00", "").strip()[:MOST]
    if not words:
        raise NeedsWords
    return words
