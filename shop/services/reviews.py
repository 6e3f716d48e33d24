"""
What reviewers do: take, assign, decide on documents and steps, give back, approve, refuse.

Nobody decides on a store that he owns or works in, and only who has taken a thing decides on it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.queries.people import person
from core import audit, deadlines, outbox
from core.actor import Actor
from core.errors import Forbidden, IllegalTransition, NotFound
from core.transitions import advance
from shop.errors import OwnStore, ReasonMissing, TakenByOther, Undecided
from shop.models import ApplicationStep, Store, StoreApplication, StoreDocument
from shop.services import applications, documents, standing
from shop.states import APPLICATION, STEP, ApplicationStatus, DocumentStatus, StepStatus, StoreStatus


def may_judge(store: Store, actor: Actor) -> None:
    """
    :raises Forbidden: if the actor is not staff
    :raises OwnStore: if he owns the store or works in it
    """
    if not actor.is_mediator:
        raise Forbidden
    if store.role_of(actor.user_id):
        raise OwnStore


@transaction.atomic
def take(*, application_id: UUID, actor: Actor) -> StoreApplication:
    """
    Become an application's reviewer; of two who click at once one gets it.

    :raises TakenByOther: if somebody was faster
    """
    application = _application(application_id)
    may_judge(application.store, actor)
    free = StoreApplication.objects.filter(pk=application_id, status=ApplicationStatus.SUBMITTED, reviewer__isnull=True)
    if not free.update(reviewer_id=actor.user_id):
        application.refresh_from_db()
        if application.reviewer_id != actor.user_id:
            raise TakenByOther
    _record("application.taken", application, actor)
    return _application(application_id)


@transaction.atomic
def assign(*, application_id: UUID, to: UUID, actor: Actor) -> StoreApplication:
    """Give an application to one of the staff, whoever had it."""
    application = _application(application_id)
    may_judge(application.store, actor)
    somebody = person(to)
    may_judge(application.store, Actor(user_id=to, is_mediator=somebody.is_mediator and somebody.is_active))
    rows = StoreApplication.objects.filter(pk=application_id, status=ApplicationStatus.SUBMITTED)
    if not rows.update(reviewer_id=to):
        raise IllegalTransition
    _record("application.assigned", application, actor, to=str(to))
    return _application(application_id)


@transaction.atomic
def decide_document(*, document_id: UUID, accept: bool, reason: str, actor: Actor, now: datetime) -> StoreDocument:
    """
    Accept a document or send it back with a reason.

    One that renews an accepted one is taken by whoever decides; the others belong to their application's reviewer.

    :raises TakenByOther: if it is another's to decide
    :raises IllegalTransition: if it was decided meanwhile
    """
    row = StoreDocument.objects.select_related("store", "replaces").filter(pk=document_id).first()
    if row is None:
        raise NotFound
    may_judge(row.store, actor)
    if reviewer_of(row) != actor.user_id:
        raise TakenByOther
    documents.decide(row, accept=accept, reason=reason, actor=actor, now=now)
    if accept and row.store.status != StoreStatus.APPLYING:
        standing.refresh(row.store_id, actor=actor)
        standing.start_listings(row)
        outbox.publish("vetting.document_accepted", document_id=str(row.pk))
    return row


@transaction.atomic
def take_document(*, document_id: UUID, actor: Actor) -> StoreDocument:
    """
    Become the reviewer of a renewal.

    :raises TakenByOther: if somebody was faster
    """
    row = StoreDocument.objects.select_related("store").filter(pk=document_id, status=DocumentStatus.REVIEW).first()
    if row is None:
        raise NotFound
    may_judge(row.store, actor)
    free = StoreDocument.objects.filter(pk=document_id, status=DocumentStatus.REVIEW, reviewer__isnull=True)
    if not free.update(reviewer_id=actor.user_id) and row.reviewer_id != actor.user_id:
        raise TakenByOther
    audit.record(actor=actor, act="store_document.taken", subject_type="store_document", subject=str(document_id))
    row.refresh_from_db()
    return row


def reviewer_of(row: StoreDocument) -> UUID | None:
    """Whose it is to decide on a document that lies in review."""
    application = StoreApplication.objects.filter(store_id=row.store_id).first()
    if application is not None and application.status == ApplicationStatus.SUBMITTED:
        return application.reviewer_id
    return row.reviewer_id


@transaction.atomic
def decide_step(
    *, application_id: UUID, key: str, accept: bool, reason: str, actor: Actor, now: datetime
) -> ApplicationStep:
    """
    Accept what was written in a step, or send it back with a reason.

    :raises TakenByOther: if it is not this reviewer's application
    """
    application = _mine(application_id, actor)
    if not accept and not reason.strip():
        raise ReasonMissing
    step, _is_new = ApplicationStep.objects.get_or_create(
        application=application, key=key, defaults={"status": StepStatus.SAVED, "at": now}
    )
    target = StepStatus.ACCEPTED if accept else StepStatus.RETURNED
    advance(step, target, machine=STEP, actor=actor, reason=reason or "in order", at=now)
    ApplicationStep.objects.filter(pk=step.pk).update(reason="" if accept else reason.strip()[:300])
    return step


@transaction.atomic
def give_back(*, application_id: UUID, reason: str, actor: Actor, now: datetime) -> StoreApplication:
    """
    Send the whole back for correction; what was accepted of it stays accepted.

    :raises ReasonMissing: if no word says what to correct
    """
    application = _mine(application_id, actor)
    if not reason.strip():
        raise ReasonMissing
    _end(application, ApplicationStatus.RETURNED, reason=reason, actor=actor, now=now, returned_at=now, reminders=0)
    rows = StoreDocument.objects.filter(store_id=application.store_id, status=DocumentStatus.REVIEW)
    for row in rows:  # not looked at yet: the merchant sends them in again with the rest
        documents.give_back(row, actor=actor)
    deadlines.schedule("application.remind", subject=application.pk, due_at=now + applications.REMIND_EVERY)
    outbox.publish("vetting.returned", application_id=str(application.pk), time=now.isoformat())
    return application


@transaction.atomic
def approve(*, application_id: UUID, actor: Actor, now: datetime) -> StoreApplication:
    """
    Let the store open. What else has to be true, and the payouts, is ``flows.vetting``'s part.

    :raises Undecided: if a document or a step was not accepted
    :raises IllegalTransition: if it was decided meanwhile
    """
    application = _mine(application_id, actor)
    open_ = (DocumentStatus.REVIEW, DocumentStatus.RETURNED, DocumentStatus.SAVED)
    if StoreDocument.objects.filter(store_id=application.store_id, status__in=open_).exists():
        raise Undecided
    if application.steps.filter(status=StepStatus.RETURNED).exists():
        raise Undecided
    store = standing.lock_store(application.store_id)
    _end(application, ApplicationStatus.APPROVED, reason="in order", actor=actor, now=now, decided_at=now)
    for step in application.steps.filter(status=StepStatus.SAVED):
        advance(step, StepStatus.ACCEPTED, machine=STEP, actor=actor, reason="approved as a whole", at=now)
    standing.move(store, StoreStatus.APPROVED, actor=actor, reason="application approved", now=now)
    outbox.publish("vetting.approved", store_id=str(store.pk))
    return application


@transaction.atomic
def refuse(*, application_id: UUID, reason: str, actor: Actor, now: datetime) -> StoreApplication:
    """
    Say no for good.

    :raises ReasonMissing: if none is given
    """
    application = _mine(application_id, actor)
    if not reason.strip():
        raise ReasonMissing
    _end(application, ApplicationStatus.REFUSED, reason=reason, actor=actor, now=now, decided_at=now)
    applications.close_store(application, actor=actor, reason="application refused", now=now)
    outbox.publish("vetting.refused", application_id=str(application.pk))
    return application


def _mine(application_id: UUID, actor: Actor) -> StoreApplication:
    application = _application(application_id, lock=True)
    may_judge(application.store, actor)
    if application.status != ApplicationStatus.SUBMITTED:
        raise IllegalTransition
    if application.reviewer_id != actor.user_id:
        raise TakenByOther
    return application


def _application(application_id: UUID, *, lock: bool = False) -> StoreApplication:
    rows = StoreApplication.objects.select_related("store")
    rows = rows.select_for_update(of=("self",), no_key=True) if lock else rows
    application = rows.filter(pk=application_id).first()
    if application is None:
        raise NotFound
    return application


def _end(
    application: StoreApplication, target: str, *, reason: str, actor: Actor, now: datetime, **changes: Any
) -> None:
    advance(application, target, machine=APPLICATION, actor=actor, reason=reason, **changes)
    StoreApplication.objects.filter(pk=application.pk).update(reason=reason.strip()[:500])
    application.reason = reason.strip()[:500]
    deadlines.cancel("application.review_by", subject=application.pk)


def _record(act: str, application: StoreApplication, actor: Actor, **facts: Any) -> None:
    audit.record(actor=actor, act=act, subject_type="application", subject=str(application.pk), facts=facts)
