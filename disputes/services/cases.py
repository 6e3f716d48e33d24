"""Cases: opening, moving, talking. Money and clocks are the flows' business."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from core import audit
from core.actor import Actor
from core.errors import NotFound
from core.money import Money
from core.transitions import advance
from disputes.errors import AlreadyTaken, NotYourTurn, OwnCase, TextNeeded
from disputes.models import Case, CaseEntry
from disputes.states import CASE, CaseStatus, Ground, Party, Remedy

MAX_TEXT = 4000


def open_case(
    *,
    order_id: UUID,
    buyer_id: UUID,
    store_id: UUID,
    ground: str,
    want: str,
    amount: Money,
    text: str,
    order_status: str,
    actor: Actor,
    now: datetime,
) -> Case:
    """
    Write down a claim, inside the transaction that freezes the money.

    :raises TextNeeded: if the buyer gives no words
    """
    if ground not in Ground.values or want not in Remedy.values or not text.strip():
        raise TextNeeded
    case = Case(
        order_id=order_id, buyer_id=buyer_id, store_id=store_id, ground=ground, want=want, amount_minor=amount.minor,
        currency=amount.currency, text=text.strip()[:MAX_TEXT], opened_at=now, order_status_before=order_status,
    )  # fmt: skip
    _save_numbered(case, now=now)
    add_entry(
        case=case, party=Party.BUYER, act="opened", text=case.text, actor=actor, now=now,
        facts={"ground": ground, "want": want, "amount_minor": amount.minor},
    )  # fmt: skip
    audit.record(
        actor=actor, act="case.opened", subject_type="case", subject=str(case.pk), order_id=order_id,
        facts={"ground": ground, "want": want, "amount_minor": amount.minor},
    )  # fmt: skip
    return case


def _save_numbered(case: Case, *, now: datetime) -> None:
    """Number of day and six random digits; try again on the rare clash of numbers."""
    for attempt in range(5):
        case.number = f"C{timezone.localtime(now):%y%m%d}{secrets.randbelow(10**6):06d}"
        try:
            with transaction.atomic():
                case.save(force_insert=True)
            return
        except IntegrityError:
            taken = Case.objects.filter(number=case.number).exists()
            if not taken:  # the other unique rule: the order has an open case
                raise NotYourTurn from None
            if attempt == 4:
                raise


def lock_case(case_id: UUID) -> Case:
    """
    Lock one case; lock its order first.

    :raises NotFound: if there is none
    """
    case = Case.objects.select_for_update().filter(pk=case_id).first()
    if case is None:
        raise NotFound
    return case


def move(case: Case, target: str, *, actor: Actor, reason: str, **changes: Any) -> None:
    """Move a locked case; audited. :raises IllegalTransition: if the table has no such move"""
    advance(case, target, machine=CASE, actor=actor, reason=reason, **changes)


def add_entry(
    *, case: Case, party: str, act: str, text: str, facts: Mapping[str, Any], actor: Actor, now: datetime
) -> CaseEntry:
    """
    Add a line to the case room.

    :raises TextNeeded: if words were meant and none were given
    """
    if act == "said" and not text.strip():
        raise TextNeeded
    return CaseEntry.objects.create(
        case=case,
        party=party,
        author_id=actor.user_id,
        act=act,
        text=text.strip()[:MAX_TEXT],
        facts=dict(facts),
        at=now,
    )


@transaction.atomic
def take(*, case_id: UUID, actor: Actor, now: datetime) -> Case:
    """
    Take a case as its mediator; two who click at once do not both get it.

    :raises OwnCase: if the mediator is a party
    :raises AlreadyTaken: if somebody was faster
    """
    case = Case.objects.select_related("order__store").get(pk=case_id)
    if actor.user_id == case.buyer_id or case.order.store.role_of(actor.user_id):
        raise OwnCase
    free = Case.objects.filter(pk=case_id, status=CaseStatus.MEDIATION, mediator__isnull=True)
    if not free.update(mediator_id=actor.user_id) and case.mediator_id != actor.user_id:
        raise AlreadyTaken
    audit.record(actor=actor, act="case.taken", subject_type="case", subject=str(case_id), order_id=case.order_id)
    case.refresh_from_db()
    return case
