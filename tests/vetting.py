"""Stores on their way to being approved, reached the way people reach them."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.models import User
from core import clock
from core.actor import Actor
from flows import payouts, vetting
from shop.identifiers import credit_check, identity_check
from shop.models import Category, DocumentKind, Store, StoreApplication, StoreDocument, StoreMember
from shop.queries.vetting import application_of
from shop.services import applications, documents, reviews
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.stories import actor_of

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
NAME, BUSINESS = "林小满", "杭州山间茶业有限公司"


def credit_code(body: str = "91330106MA2H0000X") -> str:
    """A code with the right last character."""
    return body + credit_check(body)


def identity_number(body: str = "33010619900307123") -> str:
    return body + identity_check(body)


def code_no(number: int) -> str:
    """Many different codes."""
    return credit_code(f"91330106MA{number:07d}")


def picture(colour: str = "red", *, size: tuple[int, int] = (400, 250)) -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return SimpleUploadedFile("licence.jpg", out.getvalue(), "image/jpeg")


def pdf(body: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile("permit.pdf", body, "application/pdf")


def paper(store: Store, kind: str = DocumentKind.LICENCE, *, until: date | None = None, **more: Any) -> StoreDocument:
    """One document sent in by the store's owner; the file can be another with ``upload``."""
    said = {"upload": picture(), "actor": Actor(user_id=store.owner_id), "now": clock.now(), **more}
    return documents.add_document(store=store, kind=kind, valid_until=until, **said)


def begun(owner: User | None = None) -> StoreApplication:
    owner = owner or UserFactory()
    return vetting.begin(user_id=owner.pk, actor=actor_of(owner), now=clock.now())


_count = iter(range(1_000_000))


def filled(owner: User | None = None, *, number: str = "", until: date | None = None) -> StoreApplication:
    """Every needed step saved, nothing sent in."""
    application = begun(owner)
    store = application.store
    said: dict[str, Any] = {"store": store, "actor": Actor(user_id=store.owner_id), "now": clock.now()}
    applications.save_identity(kind="company", person_name=NAME, id_number=identity_number(), **said)
    number = number or code_no(next(_count))
    applications.save_licence(legal_name=BUSINESS, licence_number=number, **said)
    paper(store, DocumentKind.ID_FRONT)
    paper(store, DocumentKind.ID_BACK)
    paper(store, DocumentKind.LICENCE, until=until)
    applications.save_permits(categories=[some_category()], **said)
    words = {"name": "山间茶铺", "about": "自家茶园。", "region": "浙江杭州"}
    applications.save_store(key="profile", words=words, **said)
    applications.save_store(key="policies", words={"return_policy": "七天可退。"}, **said)
    payouts.choose_account(
        store_id=store.pk, bank="工商银行", holder=BUSINESS, number="6222020200001234567",
        actor=said["actor"], now=said["now"],
    )  # fmt: skip
    return again(application)


def some_category(*, permit: str = "") -> str:
    slug = f"goods-{permit or 'plain'}"
    row, _ = Category.objects.get_or_create(slug=slug, defaults={"name": "杂货", "name_en": "Goods", "permit": permit})
    return row.slug


def submitted(owner: User | None = None, **more: Any) -> StoreApplication:
    application = filled(owner, **more)
    store = application.store
    vetting.submit(store=store, actor=Actor(user_id=store.owner_id), now=clock.now())
    return again(application)


def taken(reviewer: User | None = None, **more: Any) -> tuple[StoreApplication, User]:
    """In review, with its reviewer."""
    reviewer = reviewer or MediatorFactory()
    application = submitted(**more)
    reviews.take(application_id=application.pk, actor=actor_of(reviewer))
    return again(application), reviewer


def accept_papers(application: StoreApplication, reviewer: User) -> None:
    for row in StoreDocument.objects.filter(store_id=application.store_id, status="review"):
        reviews.decide_document(document_id=row.pk, accept=True, reason="", actor=actor_of(reviewer), now=clock.now())


def approved(**more: Any) -> tuple[Store, User]:
    """A store that was let in, with who let it in."""
    application, reviewer = taken(**more)
    accept_papers(application, reviewer)
    vetting.approve(application_id=application.pk, actor=actor_of(reviewer), now=clock.now())
    return Store.objects.get(pk=application.store_id), reviewer


def again(application: StoreApplication) -> StoreApplication:
    found = application_of(Store.objects.get(pk=application.store_id))
    assert found is not None
    return found


def works_in(store: Store, role: str, user: User | None = None) -> Actor:
    """Somebody of a team."""
    user = user or UserFactory()
    StoreMember.objects.create(store=store, user=user, role=role, joined_at=clock.now())
    return actor_of(user)
