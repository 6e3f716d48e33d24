"""Looking at approved stores again: each year by the calendar, or because somebody has a reason."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from core import audit, deadlines, outbox
from core.actor import SYSTEM, Actor
from core.errors import NotFound
from core.transitions import advance
from core.workdays import add_working_days
from shop.errors import CheckIsOpen, ReasonMissing, TakenByOther
from shop.models import Store, StoreCheck
from shop.services import standing
from shop.services.reviews import may_judge
from shop.states import CHECK, CheckStatus, StoreStatus

DAYS = 10  # working days for a check


@transaction.atomic
def open_check(*, store_id: UUID, reason: str, actor: Actor, now: datetime) -> StoreCheck:
    """
    Begin a spot check, which its opener has taken by that.

    :raises ReasonMissing: if none is given
    :raises CheckIsOpen: if one is open
    """
    store = standing.lock_store(store_id)
    may_judge(store, actor)
    if not reason.strip():
        raise ReasonMissing
    return _open(store, is_spot=True, reason=reason.strip()[:300], actor=actor, now=now)


def _open(store: Store, *, is_spot: bool, reason: str, actor: Actor, now: datetime) -> StoreCheck:
    row = StoreCheck(store=store, is_spot=is_spot, reason=reason, opened_by=actor.user_id, opened_at=now,
                     reviewer_id=actor.user_id)  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as taken:
        raise CheckIsOpen from taken
    deadlines.schedule("check.review_by", subject=row.pk, due_at=add_working_days(now, DAYS))
    _record("store_check.opened", row, actor)
    return row


@transaction.atomic
def open_periodic(*, store_id: UUID, reason: str = "", now: datetime) -> StoreCheck | None:
    """The calendar's check; None where the store is not approved any more or one is open."""
    deadlines.finish("store.check", subjects=[store_id])
    store = standing.lock_store(store_id)
    if store.status != StoreStatus.APPROVED:
        return None
    deadlines.schedule("store.check", subject=store_id, due_at=now + standing.CHECK_EVERY)
    try:
        row = _open(store, is_spot=bool(reason), reason=reason, actor=SYSTEM, now=now)
    except CheckIsOpen:
        return None
    outbox.publish("vetting.check_due", check_id=str(row.pk))
    return row


@transaction.atomic
def take(*, check_id: UUID, actor: Actor) -> StoreCheck:
    """:raises TakenByOther: if somebody was faster"""
    row = _check(check_id)
    may_judge(row.store, actor)
    free = StoreCheck.objects.filter(pk=check_id, status=CheckStatus.OPEN, reviewer__isnull=True)
    if not free.update(reviewer_id=actor.user_id) and row.reviewer_id != actor.user_id:
        raise TakenByOther
    _record("store_check.taken", row, actor)
    return _check(check_id)


@transaction.atomic
def close(*, check_id: UUID, passed: bool, finding: str, actor: Actor, now: datetime) -> StoreCheck:
    """
    Write down what was found; suspending a store that failed is ``flows.standing``'s part.

    :raises ReasonMissing: if nothing is written
    :raises TakenByOther: if another has taken it
    """
    row = _check(check_id)
    may_judge(row.store, actor)
    if row.reviewer_id != actor.user_id:
        raise TakenByOther
    if not finding.strip():
        raise ReasonMissing
    target = CheckStatus.PASSED if passed else CheckStatus.FAILED
    advance(row, target, machine=CHECK, actor=actor, reason=finding.strip(), finding=finding.strip()[:500],
            closed_at=now)  # fmt: skip
    deadlines.cancel("check.review_by", subject=row.pk)
    return row


def _check(check_id: UUID) -> StoreCheck:
    row = StoreCheck.objects.select_related("store").filter(pk=check_id).first()
    if row is None:
        raise NotFound
    return row


def _record(act: str, row: StoreCheck, actor: Actor) -> None:
    audit.record(
        actor=actor, act=act, subject_type="store_check", subject=str(row.pk), reason=row.reason,
        facts={"store": str(row.store_id)},
    )  # fmt: skip
