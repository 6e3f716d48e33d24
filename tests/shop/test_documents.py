"""Papers of a store: sealed, seen by few, renewed in time, run out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notice
from core import clock
from core.errors import NotFound
from core.models import AuditEntry
from core.sealed import Unsealable
from core.sealed_files import FileTooLarge
from escrow.models import StorePayoutHold
from shop.errors import DateIsPast, NotADocument, NotEditable, TakenByOther
from shop.models import Product, Store, StoreCheck, StoreDocument, StoreMember
from shop.queries.catalogue import on_sale
from shop.queries.vetting import renewals
from shop.services import checks, documents, reviews
from shop.services.viewing import open_document
from shop.states import DocumentStatus, ProductStatus
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import CategoryFactory, ProductFactory, StoreFactory
from tests.fresh import let_time_pass
from tests.stories import actor_of, delivered_order, paid_order, settle, wait
from tests.vetting import PDF, approved, filled, paper, pdf, picture, submitted, taken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def root(settings, tmp_path: Path) -> Path:
    settings.SEALED_ROOT = tmp_path / "sealed"
    return settings.SEALED_ROOT


def in_days(days: int):
    return (timezone.localtime(clock.now()) + timedelta(days=days)).date()


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


# --- taking in --------------------------------------------------------------------------------------------------------


def test_original_and_copy_lie_sealed_outside_what_is_served(root, settings):
    store = filled().store
    row = StoreDocument.objects.get(store=store, kind="licence")
    original = b"".join(open_document(document_id=row.pk, copy=False, actor=actor_of(store.owner)).chunks)
    copy = b"".join(open_document(document_id=row.pk, copy=True, actor=actor_of(store.owner)).chunks)
    assert original == picture().read()
    assert copy[8:12] == b"WEBP"
    assert not Path(settings.SEALED_ROOT).is_relative_to(settings.MEDIA_ROOT)
    for path in files(root):
        raw = path.read_bytes()
        assert original[:32] not in raw and copy[:32] not in raw


def test_a_pdf_is_taken_without_a_copy():
    store = filled().store
    row = paper(store, "licence", upload=pdf())
    assert (row.media_type, row.is_picture) == ("application/pdf", False)
    assert b"".join(open_document(document_id=row.pk, copy=False, actor=actor_of(store.owner)).chunks) == PDF


HOSTILE = {
    "script": b"<script>alert(1)</script>", "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
    "zip": b"PK\x03\x04" + b"\0" * 60, "exe": b"MZ" + b"\0" * 60, "empty": b"", "html after a picture's head":
    b"\xff\xd8\xff<html>", "gif": b"GIF89a" + b"\0" * 60, "pdf inside text": b"x%PDF-1.4",
}  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_what_is_neither_a_picture_nor_a_pdf_is_refused_and_not_kept(root, body):
    store = filled().store
    before = len(files(root))
    with pytest.raises(NotADocument):
        paper(store, "licence", upload=pdf(body))
    assert len(files(root)) == before


def test_a_file_that_is_too_large_is_refused(root, monkeypatch):
    monkeypatch.setattr(documents, "MAX_BYTES", 100)
    with pytest.raises(FileTooLarge):
        paper(StoreFactory(), "licence", upload=pdf(PDF + b"%" * 200))
    assert files(root) == []


def test_a_paper_that_has_run_out_is_not_taken():
    with pytest.raises(DateIsPast):
        paper(StoreFactory(), "licence", until=in_days(-1))


def test_a_newer_one_takes_the_place_of_an_unread_one_and_its_files_are_destroyed(root):
    store = filled().store
    before = len(files(root))
    paper(store, "licence", upload=picture("blue"))
    settle()
    assert len(files(root)) == before
    assert StoreDocument.objects.filter(store=store, kind="licence", status=DocumentStatus.SAVED).count() == 1


def test_a_paper_moved_to_another_row_does_not_open():
    one, two = filled().store, filled().store
    mine, theirs = (StoreDocument.objects.get(store=store, kind="licence") for store in (one, two))
    StoreDocument.objects.filter(pk=mine.pk).update(path=theirs.path, key=bytes(theirs.key))
    with pytest.raises(Unsealable):
        open_document(document_id=mine.pk, copy=False, actor=actor_of(one.owner))


# --- who may look -----------------------------------------------------------------------------------------------------


def test_only_the_owner_and_the_assigned_reviewer_see_a_paper_and_each_look_is_written_down(client):
    application, reviewer = taken()
    row = StoreDocument.objects.get(store=application.store, kind="licence")
    own, staff = reverse("merchant:document-file", args=[row.pk]), reverse("console:document-file", args=[row.pk])
    shipper = UserFactory()
    StoreMember.objects.create(store=application.store, user=shipper, role="shipper", joined_at=clock.now())
    seen = {
        "owner": (application.store.owner, own, 200), "reviewer": (reviewer, staff, 200),
        "stranger": (UserFactory(), own, 404), "stranger at the console": (UserFactory(), staff, 404),
        "another merchant": (StoreFactory().owner, own, 404),
        "the owner at the console": (application.store.owner, staff, 404),
        "another reviewer": (MediatorFactory(), staff, 404), "a shipper of the store": (shipper, own, 403),
    }  # fmt: skip
    for who, (user, path, status) in seen.items():
        client.force_login(user)
        for path_ in (path, f"{path}?copy=1"):
            assert client.get(path_).status_code == status, who
    looks = AuditEntry.objects.filter(act="store_document.viewed", subject=str(row.pk))
    assert {(entry.user_id, entry.reason) for entry in looks} == {
        (application.store.owner_id, "own store"), (reviewer.pk, "review of the application"),
    }  # fmt: skip
    assert looks.count() == 4


def test_a_paper_is_sent_so_that_nothing_runs_it_and_nobody_keeps_it(client):
    store = filled().store
    row = StoreDocument.objects.filter(store=store).first()
    client.force_login(store.owner)
    answer = client.get(reverse("merchant:document-file", args=[row.pk]))
    assert answer["Content-Disposition"].startswith('attachment; filename="')
    assert "licence.jpg" not in answer["Content-Disposition"], "the name is ours"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_an_old_session_is_asked_for_the_password_first(client):
    store = filled().store
    row = StoreDocument.objects.filter(store=store).first()
    client.force_login(store.owner)
    let_time_pass(client)
    path = reverse("merchant:document-file", args=[row.pk])
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/me/confirm/sealed_view/")
    assert not AuditEntry.objects.filter(act="store_document.viewed").exists()


def test_after_the_decision_the_reviewer_sees_it_no_more_without_a_check():
    store, reviewer = approved()
    row = StoreDocument.objects.filter(store=store).first()
    with pytest.raises(NotFound):
        open_document(document_id=row.pk, copy=False, actor=actor_of(reviewer))
    checks.open_check(store_id=store.pk, reason="A buyer wrote.", actor=actor_of(reviewer), now=clock.now())
    open_document(document_id=row.pk, copy=False, actor=actor_of(reviewer))
    entry = AuditEntry.objects.filter(act="store_document.viewed").latest("pk")
    assert entry.reason == "check: A buyer wrote."


# --- running out ------------------------------------------------------------------------------------------------------


def test_asvs_6_4_5_reminders_come_sixty_thirty_and_seven_days_before():
    store, _ = approved(until=in_days(90))
    seen = Notice.objects.filter(user=store.owner, kind="vetting.document_ends")
    for days, count in ((20, 0), (12, 1), (30, 2), (23, 3)):
        wait(days=days)
        assert seen.count() == count, days


def test_an_expired_licence_stops_selling_and_nothing_else():
    """Abuse 22: buyers' open orders go on, money is not touched, the approval of the renewal reopens."""
    store, reviewer = approved(until=in_days(3))
    product = ProductFactory(store=store)
    order = paid_order(variant=product.variants.get())
    wait(days=5)
    fresh = Store.objects.get(pk=store.pk)
    assert (fresh.status, fresh.may_sell) == ("approved", False)
    assert not on_sale().filter(store=store).exists()
    assert Product.objects.get(pk=product.pk).status == ProductStatus.LISTED
    order.refresh_from_db()
    assert order.is_open and order.hold.status == "held"
    assert not StorePayoutHold.objects.filter(store_id=store.pk, in_force=True).exists()
    assert Notice.objects.filter(user=store.owner, kind="vetting.document_expired").count() == 1
    renewed = paper(fresh, "licence", until=in_days(900))
    assert not Store.objects.get(pk=store.pk).may_sell, "sending it in is not enough"
    reviews.take_document(document_id=renewed.pk, actor=actor_of(reviewer))
    reviews.decide_document(document_id=renewed.pk, accept=True, reason="", actor=actor_of(reviewer), now=clock.now())
    assert Store.objects.get(pk=store.pk).may_sell
    assert on_sale().filter(store=store).exists()
    assert StoreDocument.objects.get(pk=renewed.replaces_id).status == DocumentStatus.REPLACED


def test_the_old_one_counts_while_the_renewed_one_is_looked_at():
    store, reviewer = approved(until=in_days(30))
    renewed = paper(store, "licence", until=in_days(400))
    assert renewed.status == DocumentStatus.REVIEW
    assert StoreDocument.objects.get(pk=renewed.replaces_id).status == DocumentStatus.ACCEPTED
    assert Store.objects.get(pk=store.pk).may_sell
    with pytest.raises(NotEditable):
        paper(store, "licence", until=in_days(400))
    reviews.take_document(document_id=renewed.pk, actor=actor_of(reviewer))
    reviews.decide_document(document_id=renewed.pk, accept=True, reason="", actor=actor_of(reviewer), now=clock.now())
    wait(days=35)
    assert Store.objects.get(pk=store.pk).may_sell, "the clock of the old one went with it"


def test_a_renewal_that_is_sent_back_changes_nothing_but_is_reminded_of():
    store, reviewer = approved(until=in_days(30))
    renewed = paper(store, "licence", until=in_days(400))
    reviews.take_document(document_id=renewed.pk, actor=actor_of(reviewer))
    reviews.decide_document(
        document_id=renewed.pk, accept=False, reason="Blurred.", actor=actor_of(reviewer), now=clock.now()
    )
    settle()
    assert Store.objects.get(pk=store.pk).may_sell
    assert Notice.objects.get(user=store.owner, kind="vetting.document_returned").body.find("Blurred.") >= 0
    wait(days=8)
    assert Notice.objects.filter(user=store.owner, kind="vetting.document_waits").exists()


def test_an_expired_permit_stops_the_goods_that_need_it_and_no_others():
    store, reviewer = StoreFactory(), MediatorFactory()
    food, cups = CategoryFactory(permit="food"), CategoryFactory()
    cake, cup = ProductFactory(store=store, category=food), ProductFactory(store=store, category=cups)

    def seen(days: int):
        row = paper(store, "permit", permit="food", until=in_days(days))
        reviews.take_document(document_id=row.pk, actor=actor_of(reviewer))
        reviews.decide_document(document_id=row.pk, accept=True, reason="", actor=actor_of(reviewer), now=clock.now())

    seen(3)
    wait(days=5)
    assert Product.objects.get(pk=cake.pk).status == ProductStatus.STOPPED
    assert set(on_sale()) == {cup}
    assert Store.objects.get(pk=store.pk).may_sell
    seen(400)
    assert set(on_sale()) == {cake, cup}


def test_an_expired_brand_authorisation_calls_for_eyes():
    store, reviewer = StoreFactory(), MediatorFactory()
    row = paper(store, "brand", brand="山水", until=in_days(1))
    reviews.take_document(document_id=row.pk, actor=actor_of(reviewer))
    reviews.decide_document(document_id=row.pk, accept=True, reason="", actor=actor_of(reviewer), now=clock.now())
    wait(days=3)
    assert "山水" in StoreCheck.objects.get(store=store, status="open").reason
    assert Store.objects.get(pk=store.pk).may_sell


def test_two_reviewers_do_not_both_get_a_renewal():
    row = paper(StoreFactory(), "licence")
    reviews.take_document(document_id=row.pk, actor=actor_of(MediatorFactory()))
    late = actor_of(MediatorFactory())
    with pytest.raises(TakenByOther):
        reviews.take_document(document_id=row.pk, actor=late)
    with pytest.raises(TakenByOther):
        reviews.decide_document(document_id=row.pk, accept=True, reason="", actor=late, now=clock.now())


def test_papers_of_a_store_that_has_ended_are_nobodys_renewal():
    row = paper(StoreFactory(), "licence")
    assert list(renewals()) == [row]
    Store.objects.filter(pk=row.store_id).update(status="ended", may_sell=False)
    assert not renewals().exists()


def test_a_delivered_orders_money_is_released_though_the_licence_has_run_out():
    store, _ = approved(until=in_days(2))
    order = delivered_order(variant=ProductFactory(store=store).variants.get())
    for _ in range(6):
        wait(days=3)
    order.refresh_from_db()
    assert order.status == "completed"


def test_papers_of_a_submitted_application_are_its_reviewers(client):
    application = submitted()
    row = StoreDocument.objects.filter(store=application.store).first()
    staff = MediatorFactory()
    client.force_login(staff)
    assert client.get(reverse("console:document-file", args=[row.pk])).status_code == 404
