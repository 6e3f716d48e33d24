"""Papers of ended cooperations: kept as long as the law asks, then destroyed; never while anything needs them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Incident, Notice
from accounts.states import IncidentStatus
from core import clock, deadlines
from core.errors import NotFound
from core.models import AuditEntry, Deadline
from escrow.models import PayoutAccount
from flows import papers, standing, vetting
from flows.papers import in_the_way, papers_of
from shop.errors import NotEditable, ReasonMissing
from shop.models import PapersHold, Store, StoreApplication, StoreDocument
from shop.services import applications
from shop.services import papers as keeping
from shop.services.viewing import open_document
from shop.states import ApplicationStatus, DocumentStatus, StoreStatus
from tests.factories.accounts import MediatorFactory
from tests.factories.shop import ProductFactory
from tests.stories import actor_of, delivered_order, paid_order, settle, wait
from tests.vetting import again, approved, begun, code_no, filled, paper, taken

pytestmark = pytest.mark.django_db


def files_of(store) -> list[Path]:
    rows = StoreDocument.objects.filter(store=store)
    return [Path(settings.SEALED_ROOT) / path for row in rows for path in (row.path, row.copy_path) if path]


def end(store, reason="Fakes."):
    """End a cooperation at which nothing is at stake."""
    standing.propose_end(store_id=store.pk, reason=reason, refund=False, actor=actor_of(MediatorFactory()),
                         now=clock.now())  # fmt: skip
    settle()
    return Store.objects.get(pk=store.pk)


def refused(application=None, reviewer=None):
    if application is None:
        application, reviewer = taken()
    vetting.refuse(application_id=application.pk, reason="No.", actor=actor_of(reviewer), now=clock.now())
    return again(application)


def lapsed():
    application = filled()
    for _ in range(10):
        wait(days=7)
    application = again(application)
    assert application.status == ApplicationStatus.LAPSED
    return application


def clock_of(store):
    return Deadline.objects.filter(kind="papers.purge", subject=str(store.pk), done_at__isnull=True).first()


# --- kept, then gone --------------------------------------------------------------------------------------------------


def test_asvs_14_2_7_papers_of_an_ended_store_are_kept_three_years_then_destroyed():
    store, _ = approved()
    owner = store.owner
    files = files_of(store)
    store = end(store)
    assert store.status == StoreStatus.ENDED
    assert (clock_of(store).due_at - clock.now()).days in (1095, 1096)
    wait(days=1000)
    assert all(file.exists() for file in files) and len(files) == 6
    wait(days=100)
    assert not any(file.exists() for file in files)
    for row in StoreDocument.objects.filter(store=store):
        assert (row.path, row.key, row.copy_path, row.copy_key) == ("", None, "", None)
        assert row.sha256 and row.kind and row.decided_at and row.purged_at
        assert row.status == DocumentStatus.ACCEPTED
    application = StoreApplication.objects.get(store=store)
    assert (application.id_number, application.licence_number, application.licence_index) == (None, None, None)
    assert (application.id_index, application.past_licence_index, application.person_name) == ("", "", "")
    assert application.legal_name and application.status == ApplicationStatus.APPROVED
    assert PayoutAccount.objects.get(store_id=store.pk).number is None
    assert PayoutAccount.objects.get(store_id=store.pk).last4 == "4567"
    entry = AuditEntry.objects.get(act="store.papers_purged", subject=str(store.pk))
    assert {row["kind"] for row in entry.facts["documents"]} == {"id_front", "id_back", "licence"}
    assert all(len(row["sha256"]) == 64 for row in entry.facts["documents"])
    assert Notice.objects.filter(user=owner, kind="vetting.papers_purged").count() == 1
    assert clock_of(store) is None


def test_papers_of_a_refused_application_go_after_half_a_year():
    application = refused()
    files = files_of(application.store)
    wait(days=179)
    assert all(file.exists() for file in files)
    wait(days=2)
    assert not any(file.exists() for file in files)
    row = again(application)
    assert (row.status, row.reason) == (ApplicationStatus.REFUSED, "No.")
    assert row.purged_at


def test_papers_of_a_lapsed_application_go_too_and_its_checklist_asks_for_them_again():
    application = lapsed()
    wait(days=181)
    assert not files_of(application.store)
    assert set(StoreDocument.objects.values_list("status", flat=True)) == {DocumentStatus.REMOVED}
    taken_up = applications.take_up(store=application.store, actor=actor_of(application.store.owner), now=clock.now())
    assert taken_up.purged_at is None
    stands = {stand.step.key: stand for stand in vetting.checklist(again(application))}
    assert stands["identity"].state == stands["licence"].state == "todo"


def test_a_purged_paper_opens_for_nobody():
    store, _ = approved()
    end(store)
    wait(days=1100)
    row = StoreDocument.objects.filter(store=store).first()
    with pytest.raises(NotFound):
        open_document(document_id=row.pk, copy=False, actor=actor_of(store.owner))


def test_an_ended_store_is_asked_for_no_paper_any_more():
    store, _ = approved(until=(clock.now() + timedelta(days=40)).date())
    store = end(store)
    assert not Deadline.objects.filter(kind__startswith="document.", done_at__isnull=True).exists()
    with pytest.raises(NotEditable):
        paper(store)


def test_a_purge_may_come_twice():
    store, _ = approved()
    end(store)
    wait(days=1100)
    assert papers.purge(store.pk, now=clock.now())
    assert papers.schedule_missing(now=clock.now()) == 0


def test_a_store_that_ended_before_there_was_a_clock_gets_one():
    store, _ = approved()
    store = end(store)
    deadlines.cancel("papers.purge", subject=store.pk)
    wait(days=10)
    assert papers.schedule_missing(now=clock.now()) == 1
    assert (clock_of(store).due_at - clock.now()).days in (1085, 1086)
    assert papers.schedule_missing(now=clock.now()) == 0


# --- what keeps them --------------------------------------------------------------------------------------------------


def in_words(store):
    return [str(one) for one in in_the_way(Store.objects.get(pk=store.pk), now=clock.now())]


def test_nothing_is_purged_under_a_legal_hold_and_it_goes_once_that_is_lifted():
    store, _ = approved()
    store, staff = end(store), actor_of(MediatorFactory())
    with pytest.raises(ReasonMissing):
        keeping.keep(store_id=store.pk, reason=" ", actor=staff, now=clock.now())
    keeping.keep(store_id=store.pk, reason="The court of Hangzhou.", actor=staff, now=clock.now())
    keeping.keep(store_id=store.pk, reason="Again.", actor=staff, now=clock.now())
    assert PapersHold.objects.count() == 1
    wait(days=1100)
    assert len(files_of(store)) == 6
    assert clock_of(store).due_at > clock.now(), "it is looked at again"
    keeping.let_go(store_id=store.pk, reason="Over.", actor=staff, now=clock.now())
    wait(days=8)
    assert not files_of(store)
    acts = AuditEntry.objects.filter(subject=str(store.pk), act__startswith="store.papers").order_by("id")
    assert list(acts.values_list("act", flat=True)) == [
        "store.papers_held",
        "store.papers_let_go",
        "store.papers_purged",
    ]


def test_nothing_is_purged_while_an_incident_of_the_owner_is_open():
    store, _ = approved()
    store = end(store)
    row = Incident.objects.create(user=store.owner, opened_by=store.owner_id, opened_at=clock.now())
    wait(days=1100)
    assert len(files_of(store)) == 6
    Incident.objects.filter(pk=row.pk).update(status=IncidentStatus.CLOSED, closing="ok", closed_at=clock.now())
    wait(days=8)
    assert not files_of(store)


@pytest.mark.parametrize("make", [paid_order, delivered_order])
def test_nothing_is_purged_while_an_order_is_open_or_money_is_there(make):
    order = make(variant=ProductFactory(stock=5).variants.get())
    Store.objects.filter(pk=order.store_id).update(status=StoreStatus.ENDED, may_sell=False)
    assert in_words(order.store)
    keeping.begin_end(order.store_id, now=clock.now(), days=0)
    assert not papers.purge(order.store_id, now=clock.now())
    assert clock_of(order.store)


def test_nothing_is_purged_of_a_store_that_lives():
    store, _ = approved()
    assert not papers.purge(store.pk, now=clock.now())
    assert len(files_of(store)) == 6
    assert clock_of(store) is None


def test_an_application_taken_up_again_is_not_purged():
    application = lapsed()
    applications.take_up(store=application.store, actor=actor_of(application.store.owner), now=clock.now())
    assert clock_of(application.store) is None
    assert not papers.purge(application.store_id, now=clock.now())
    assert len(files_of(application.store)) == 6


# --- the licence ------------------------------------------------------------------------------------------------------


def test_a_licence_of_an_ended_store_may_be_used_again_and_its_reviewer_is_told(client):
    number = code_no(77)
    store, _ = approved(number=number)
    Store.objects.filter(pk=store.pk).update(name_en="Old Tea")
    end(store)
    second = begun()
    applications.save_licence(
        store=second.store, legal_name="店", licence_number=number, actor=actor_of(second.store.owner), now=clock.now()
    )
    assert again(second).licence_index
    assert AuditEntry.objects.get(act="store.licence_known").facts["other"] == str(store.pk)
    staff = MediatorFactory()
    client.force_login(staff)
    page = client.get(reverse("console:store", args=[second.store_id]), HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "Old Tea" in page


# --- pages ------------------------------------------------------------------------------------------------------------


def test_the_merchant_reads_when_his_papers_go_and_later_that_they_are_gone():
    store, _ = approved()
    end(store)
    client = Client(HTTP_ACCEPT_LANGUAGE="en")
    store.owner.language = "en"
    store.owner.save()
    client.force_login(store.owner)
    due = clock_of(store).due_at
    page = client.get(reverse("merchant:documents")).content.decode()
    assert "are deleted on" in page and str(timezone.localtime(due).year) in page
    wait(days=1100)
    page = Client(HTTP_ACCEPT_LANGUAGE="en")
    page.force_login(store.owner)
    assert "The files were deleted on" in page.get(reverse("merchant:documents")).content.decode()


def test_staff_read_what_keeps_papers_and_hold_them_with_a_reason(client):
    store, _ = approved()
    end(store)
    staff = MediatorFactory()
    client.force_login(staff)
    client.post(reverse("console:store-papers", args=[store.pk]), {"act": "keep", "reason": "A court."})
    page = client.get(reverse("console:store", args=[store.pk]), HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "A court." in page and "legal hold" in page
    client.post(reverse("console:store-papers", args=[store.pk]), {"act": "let_go", "reason": "Over."})
    assert PapersHold.objects.get().lifted_by == staff.pk
    assert papers_of(store, now=clock.now()).hold is None


def test_staff_read_in_one_list_whose_papers_go_when(client):
    store, _ = approved()
    Store.objects.filter(pk=store.pk).update(name_en="Old Tea")
    end(store)
    staff = MediatorFactory()
    keeping.keep(store_id=store.pk, reason="A court.", actor=actor_of(staff), now=clock.now())
    [(row, at, hold)] = papers.calendar()
    assert (row.pk, at, hold.reason) == (store.pk, clock_of(store).due_at, "A court.")
    client.force_login(staff)
    page = client.get(reverse("console:checks"), HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "Papers kept until" in page and "Old Tea" in page and "A court." in page
