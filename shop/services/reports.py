"""Reports of stores and products: taken in from anybody, answered by staff who are not of the store."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import Resolver404, resolve

from core import audit, deadlines, outbox
from core.actor import Actor
from core.errors import NotFound
from core.transitions import advance
from core.workdays import add_working_days
from shop.errors import NoSuchPlace, ReasonMissing
from shop.models import Product, Store, StoreReport
from shop.services.reviews import may_judge
from shop.states import REPORT, ProductStatus, ReportStatus, StoreStatus

ANSWER_DAYS = 3  # working days


def place_of(link: str) -> tuple[Store, Product | None]:
    """
    The store or the product whose page has this address.

    :raises NoSuchPlace: if it is the address of neither
    """
    here = {urlsplit(settings.SITE_URL).hostname, *settings.ALLOWED_HOSTS, None}
    try:
        parts = urlsplit(link.strip())
        found = resolve(parts.path) if parts.hostname in here else None
    except (Resolver404, ValueError):
        found = None
    if found is not None and found.view_name == "shop:product":
        row = Product.objects.select_related("store").filter(pk=found.kwargs["pk"])
        product = row.exclude(status__in=(ProductStatus.DRAFT, ProductStatus.DELETED)).first()
        if product is not None:
            return product.store, product
    if found is not None and found.view_name == "shop:store":
        store = Store.objects.exclude(status=StoreStatus.APPLYING).filter(slug=found.kwargs["slug"]).first()
        if store is not None:
            return store, None
    raise NoSuchPlace


@transaction.atomic
def report(*, link: str, ground: str, text: str, email: str, language: str, actor: Actor, now: datetime) -> StoreReport:
    """
    Take in a report. Who reports the same thing again before he has an answer has his words added to the first.

    :raises NoSuchPlace: if the link is of no store and no product
    """
    store, product = place_of(link)
    row = StoreReport(
        store=store, product=product, ground=ground, text=text.strip(), reporter_id=actor.user_id, language=language,
        email="" if actor.user_id else email, made_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return _add_to_first(row)
    deadlines.schedule("report.answer_by", subject=row.pk, due_at=add_working_days(now, ANSWER_DAYS))
    audit.record(
        actor=actor, act="report.made", subject_type="report", subject=str(row.pk),
        facts={
            "store": str(store.pk), "product": str(product.pk) if product else None, "ground": ground,
            "by": "member" if actor.user_id else "visitor",
        },
    )  # fmt: skip
    outbox.publish("report.made", report_id=str(row.pk))
    return row


def _add_to_first(row: StoreReport) -> StoreReport:
    same = StoreReport.objects.select_for_update(no_key=True, of=("self",)).filter(status=ReportStatus.OPEN)
    first = same.filter(reporter_id=row.reporter_id, store=row.store, product=row.product).first()
    if first is None:  # answered at this moment
        raise NoSuchPlace
    if row.text not in first.text:
        first.text = f"{first.text}\n\n{row.text}"[:4000]
        first.save(update_fields=["text"])
    return first


@transaction.atomic
def answer(*, report_id: UUID, upheld: bool, text: str, actor: Actor, now: datetime) -> StoreReport:
    """
    Close a report and tell whoever made it what came of it.

    :raises ReasonMissing: if nothing is said to him
    :raises OwnStore: if the one who answers is of the store
    :raises IllegalTransition: if it was answered meanwhile
    """
    row = StoreReport.objects.select_for_update(no_key=True, of=("self",)).filter(pk=report_id).first()
    if row is None:
        raise NotFound
    may_judge(row.store, actor)
    if not text.strip():
        raise ReasonMissing
    words, target = text.strip()[:500], ReportStatus.UPHELD if upheld else ReportStatus.DISMISSED
    advance(row, target, machine=REPORT, actor=actor, reason=words, answer=words, answered_at=now,
            reviewer_id=actor.user_id)  # fmt: skip
    deadlines.cancel("report.answer_by", subject=row.pk)
    outbox.publish("report.answered", report_id=str(row.pk))
    return row
