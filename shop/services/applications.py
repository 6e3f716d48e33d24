"""A merchant's application: begun, saved step by step, sent in, reminded of, lapsed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import audit, deadlines, outbox
from core.actor import SYSTEM, Actor
from core.sealed import blind_index
from core.transitions import advance
from core.workdays import add_working_days
from shop import identifiers
from shop.errors import LicenceTaken, NotEditable, NotReadyToSubmit, StepIncomplete
from shop.models import ApplicationStep, Category, Store, StoreApplication
from shop.queries.vetting import REVIEW_DAYS
from shop.roles import Act
from shop.services import documents, papers
from shop.services.access import require
from shop.states import APPLICATION, EDITABLE, STEP, STORE, ApplicationStatus, StepStatus, StoreStatus

REMIND_EVERY = timedelta(days=7)
LAPSES_AFTER = timedelta(days=60)
MOST_BRANDS = 20


@transaction.atomic
def begin(*, user_id: UUID, actor: Actor, now: datetime) -> StoreApplication:
    """Open a store that cannot sell yet, with an empty application; pressed twice it is the one that was begun."""
    list(User.objects.select_for_update(no_key=True).filter(pk=user_id).values_list("pk"))
    begun = StoreApplication.objects.filter(store__owner_id=user_id, status=ApplicationStatus.DRAFT).first()
    if begun is not None:
        return begun
    store = Store.objects.create(owner_id=user_id, slug=f"s-{secrets.token_hex(5)}", name="")
    application = StoreApplication.objects.create(store=store, created_at=now)
    deadlines.schedule("application.remind", subject=application.pk, due_at=now + REMIND_EVERY)
    audit.record(actor=actor, act="application.begun", subject_type="application", subject=str(application.pk))
    return application


@transaction.atomic
def save_identity(
    *, store: Store, kind: str, person_name: str, id_number: str, actor: Actor, now: datetime
) -> StoreApplication:
    """
    Note who answers for the store. An empty number keeps the one that is there.

    :raises StepIncomplete: if the number cannot be one, or is that of a child
    """
    application = _editable(store, actor)
    number = identifiers.plain(id_number)
    if number or application.id_number is None:
        faults = _identity_faults(number, now=now)
        if faults:
            raise StepIncomplete(fields={"id_number": faults})
        application.id_number = number  # type: ignore[assignment]
        application.id_index = blind_index(number, purpose="identity")
    application.kind, application.person_name = kind, person_name.strip()
    application.save(update_fields=["kind", "person_name", "id_number", "id_index"])
    _saved(application, "identity", actor=actor, now=now)
    return application


def _identity_faults(number: str, *, now: datetime) -> Any:
    if not identifiers.is_identity_number(number):
        return _("This is no identity number: 18 characters, the last one may be an X. One of them is mistyped.")
    if not identifiers.is_of_age(number, today=timezone.localtime(now).date()):
        return _("Who answers for a store must be 18 or older.")
    return None


def save_licence(
    *, store: Store, legal_name: str, licence_number: str, actor: Actor, now: datetime
) -> StoreApplication:
    """
    Note the business licence. An empty number keeps the one that is there.

    :raises StepIncomplete: if the number cannot be a Unified Social Credit Code
    :raises LicenceTaken: if another store has it; staff are told of it
    """
    number = identifiers.plain(licence_number)
    try:
        with transaction.atomic():
            application = _editable(store, actor)
            if number or not application.licence_index:
                if not identifiers.is_credit_code(number):
                    text = _("This is no Unified Social Credit Code: 18 characters, of which one is mistyped.")
                    raise StepIncomplete(fields={"licence_number": text})
                application.licence_number = number  # type: ignore[assignment]
                application.licence_index = licence_index(number)
            application.legal_name = legal_name.strip()
            application.save(update_fields=["legal_name", "licence_number", "licence_index"])
            _note_known(application, actor=actor)
            _saved(application, "licence", actor=actor, now=now)
    except IntegrityError:
        _note_clash(store, number, actor=actor)
        raise LicenceTaken from None
    return application


def licence_index(number: str) -> str:
    """What tells whether two stores have the same licence, without opening either number."""
    return blind_index(number, purpose="licence")


def _note_known(application: StoreApplication, *, actor: Actor) -> None:
    """A licence of a store that was refused or has ended: allowed, but its reviewer shall know."""
    if not application.licence_index:
        return
    rows = StoreApplication.objects.filter(past_licence_index=application.licence_index).exclude(pk=application.pk)
    for store_id in rows.values_list("store_id", flat=True):
        audit.record(
            actor=actor, act="store.licence_known", subject_type="store", subject=str(application.store_id),
            facts={"other": str(store_id)},
        )  # fmt: skip


@transaction.atomic
def _note_clash(store: Store, number: str, *, actor: Actor) -> None:
    """The refusal says nothing of the other store; the hint for staff names both."""
    other = StoreApplication.objects.filter(licence_index=licence_index(number)).first()
    if other is None:  # given free at this moment: the next try goes through
        return
    audit.record(
        actor=actor, act="store.licence_clash", subject_type="store", subject=str(store.pk),
        facts={"other": str(other.store_id)},
    )  # fmt: skip
    outbox.publish("vetting.licence_clash", store_id=str(store.pk), other_id=str(other.store_id))


@transaction.atomic
def save_permits(*, store: Store, categories: Sequence[str], actor: Actor, now: datetime) -> StoreApplication:
    """Note in which categories the store wants to sell, and with them the permits it needs."""
    application = _editable(store, actor)
    rows = Category.objects.filter(slug__in=categories, parent=None)
    application.categories = sorted(rows.values_list("slug", flat=True))
    inside = Category.objects.filter(pk__in=rows.values("pk")) | Category.objects.filter(parent__in=rows)
    application.permits = sorted(set(inside.exclude(permit="").values_list("permit", flat=True)))
    application.save(update_fields=["categories", "permits"])
    _saved(application, "permits", actor=actor, now=now)
    return application


@transaction.atomic
def save_brands(*, store: Store, brands: Sequence[str], actor: Actor, now: datetime) -> StoreApplication:
    """Note which brands of others the store wants to sell."""
    application = _editable(store, actor)
    application.brands = list(dict.fromkeys(name.strip()[:60] for name in brands if name.strip()))[:MOST_BRANDS]
    application.save(update_fields=["brands"])
    _saved(application, "brands", actor=actor, now=now)
    return application


@transaction.atomic
def save_store(*, store: Store, key: str, words: Mapping[str, str], actor: Actor, now: datetime) -> StoreApplication:
    """Note the profile or the policies, which are columns of the store itself."""
    application = _editable(store, actor)
    for name, text in words.items():
        setattr(store, name, text)
    store.save(update_fields=list(words))
    _saved(application, key, actor=actor, now=now)
    return application


@transaction.atomic
def choose_address(*, store: Store, wanted: str) -> None:
    """Give a store the address its name suggests, while nobody can have linked to it."""
    slug = slugify(wanted)[:50]
    if slug and store.status == StoreStatus.APPLYING and not Store.objects.filter(slug=slug).exists():
        Store.objects.filter(pk=store.pk).update(slug=slug)
        store.slug = slug


def note_saved(*, store: Store, key: str, actor: Actor, now: datetime) -> None:
    """A step whose facts lie elsewhere, such as the payout account, was done again: it is looked at anew."""
    with transaction.atomic():
        application = StoreApplication.objects.select_for_update(no_key=True).filter(store=store).first()
        if application is not None and application.status in EDITABLE:
            _saved(application, key, actor=actor, now=now)


@transaction.atomic
def take_up(*, store: Store, actor: Actor, now: datetime) -> StoreApplication:
    """Go on with an application that had lapsed."""
    require(store, Act.APPLY, actor=actor)
    application = StoreApplication.objects.select_for_update(no_key=True).get(store=store)
    advance(application, ApplicationStatus.DRAFT, machine=APPLICATION, actor=actor, reason="taken up again",
            reminders=0, created_at=now, purged_at=None)  # fmt: skip
    deadlines.cancel("papers.purge", subject=store.pk)
    deadlines.schedule("application.remind", subject=application.pk, due_at=now + REMIND_EVERY)
    return application


@transaction.atomic
def submit(*, store: Store, lacking: Sequence[str], actor: Actor, now: datetime) -> StoreApplication:
    """
    Hand the application to the reviewers; ``lacking``: needed steps that are not done, as ``flows.vetting`` found them.

    :raises NotReadyToSubmit: if there are any
    :raises NotEditable: if it lies with them already
    """
    application = _editable(store, actor)
    if lacking:
        raise NotReadyToSubmit
    documents.send_in(application, actor=actor)
    due = add_working_days(now, REVIEW_DAYS)
    advance(
        application, ApplicationStatus.SUBMITTED, machine=APPLICATION, actor=actor, reason="sent in", submitted_at=now
    )
    deadlines.cancel("application.remind", subject=application.pk)
    deadlines.schedule("application.review_by", subject=application.pk, due_at=due)
    outbox.publish("vetting.submitted", application_id=str(application.pk), time=now.isoformat())
    return application


def remind(*, application_id: UUID, now: datetime) -> None:
    """Deadline: a draft or a returned application lies still. Remind of it; after two months it lapses."""
    with transaction.atomic():
        application = StoreApplication.objects.select_for_update(no_key=True).get(pk=application_id)
        deadlines.finish("application.remind", subjects=[application_id])
        if application.status not in EDITABLE:
            return
        since = application.returned_at or application.created_at
        if now - since >= LAPSES_AFTER:
            advance(application, ApplicationStatus.LAPSED, machine=APPLICATION, actor=SYSTEM, reason="nothing came")
            papers.begin_end(application.store_id, now=now, days=settings.PAPERS_REFUSED_DAYS)
            outbox.publish("vetting.lapsed", application_id=str(application_id))
            return
        count = application.reminders + 1
        StoreApplication.objects.filter(pk=application_id).update(reminders=count)
        deadlines.schedule("application.remind", subject=application_id, due_at=now + REMIND_EVERY)
        outbox.publish("vetting.unfinished", application_id=str(application_id), time=count)


def close_store(application: StoreApplication, *, actor: Actor, reason: str, now: datetime) -> None:
    """A refused application's store never opens; its licence number is free for whom it belongs to."""
    advance(application.store, StoreStatus.ENDED, machine=STORE, actor=actor, reason=reason)
    documents.stop_clocks(application.store_id)
    papers.begin_end(application.store_id, now=now, days=settings.PAPERS_REFUSED_DAYS)


def _editable(store: Store, actor: Actor) -> StoreApplication:
    require(store, Act.APPLY, actor=actor)
    application = StoreApplication.objects.select_for_update(no_key=True).filter(store=store).first()
    if application is None or application.status not in EDITABLE:
        raise NotEditable
    return application


def _saved(application: StoreApplication, key: str, *, actor: Actor, now: datetime) -> None:
    step, is_new = ApplicationStep.objects.get_or_create(
        application=application, key=key, defaults={"status": StepStatus.SAVED, "at": now}
    )
    if not is_new and step.status != StepStatus.SAVED:
        advance(step, StepStatus.SAVED, machine=STEP, actor=actor, reason="saved again", at=now)
        ApplicationStep.objects.filter(pk=step.pk).update(reason="")
