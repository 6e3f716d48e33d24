"""V14: what is private stays out of addresses and shared caches, goes to nobody, and is forgotten in time."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Field
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import Challenge, MemberSession, OutgoingMessage, QRLogin
from accounts.services import challenges, qr, retention
from accounts.services.messages import send_sms
from core import clock
from core.doors import all_doors
from core.errors import NotFound
from core.models import AuditEntry
from shop.models import Store, StoreApplication, StoreDocument
from shop.services import retention as papers
from shop.services import reviews
from shop.services.viewing import open_document
from shop.states import DocumentStatus, StoreStatus
from tests.accounts.letters import code_to
from tests.factories.accounts import PASSWORD, UserFactory
from tests.stories import actor_of
from tests.vetting import approved, paper, taken
from tests.walk.test_every_url import doors_of

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PAGE = (Path(settings.BASE_DIR) / "docs" / "security.md").read_text(encoding="utf-8")
# A name in an address that would carry something secret. Links in letters carry a signed, short-lived `token`.
SECRET = re.compile(r"pass(word|wd)?|secret|session|code(?!s\b)|phone|e?mail|card|otp|pin|licence_number|id_number")


def test_asvs_14_2_1_no_address_has_a_place_for_a_secret():
    """Names of groups and converters in every route."""
    named = {
        (door.path, name)
        for door in all_doors()
        for name in re.findall(r"<(?:\w+:)?(\w+)>", door.path)
        if SECRET.fullmatch(name)
    }
    assert not named


def test_asvs_14_2_1_no_form_sends_a_secret_in_an_address(scene):
    """Each page of the way in and of the account: a form that goes by GET has no field whose value is secret."""
    paths = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/login/code/"]
    own = [
        "/me/",
        "/me/security/",
        "/me/devices/",
        "/accounts/phone/change/",
        "/me/confirm/phone/",
        "/me/addresses/new/",
    ]
    seen = 0
    for person, pages in (("anonymous", paths), ("buyer", own), ("merchant", ["/merchant/settings/account/"])):
        for path in pages:
            text = scene.client(person).get(path, follow=True).content.decode()
            for form in re.findall(r"<form\b(.*?)</form>", text, re.DOTALL):
                seen += 1
                fields = re.findall(r'name="([^"]+)"', form)
                is_get = 'method="post"' not in form.lower()
                assert not (is_get and [name for name in fields if SECRET.search(name)]), (path, fields)
    assert seen > 15


def test_asvs_14_2_1_where_a_sign_in_leads_nothing_of_it_stands_in_the_address(client):
    user = UserFactory(phone="+8613900139000", email="lin@example.com")
    answers = [
        client.post("/accounts/login/", {"login": user.phone, "password": "Zq9-planted-word"}),
        client.post("/accounts/login/code/", {"login": user.phone}),
        client.get("/accounts/login/code/confirm/"),
    ]
    answers.append(client.post("/accounts/login/code/confirm/", {"code": code_to(user.phone)}))
    answers.append(Client().post("/accounts/password/reset/", {"email": user.email}))
    answers.append(Client().post("/accounts/login/", {"login": user.phone, "password": PASSWORD}))
    for answer in answers:
        place = answer.headers.get("Location", "")
        assert not any(word in place for word in ("139", "lin", "planted", PASSWORD, code_to(user.phone))), place
    assert [answer.status_code for answer in answers].count(302) >= 4


def test_asvs_14_2_2_what_is_cached_for_all_is_nobodys_own(scene, settings):
    """After a buyer has walked through the site the shared cache holds no name, number or address of his."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "walked"}}
    for door in doors_of(scene):
        if door.guard in ("public", "member"):
            scene.client("buyer").get(door.path)
    cache.set("probe", scene.buyer.email)
    rows = {key: value.decode("utf-8", "ignore") for key, value in cache._cache.items()}  # pickled, as it lies there
    assert scene.buyer.email in rows.pop(":1:probe"), "the search below looks where the cache is"
    for private in (scene.buyer.email, scene.buyer.phone, scene.buyer.name, scene.order.number):
        assert private not in str(rows)


def test_asvs_14_2_3_no_page_asks_another_host_for_anything(scene):
    """Scripts, styles, pictures, fonts, frames, prefetches and forms come from here and lead here."""
    asks = re.compile(r"<(?:script|img|iframe|source|video|audio|embed|form|link)\b[^>]*?(?:src|href|action)=\"(.*?)\"")
    elsewhere, seen = set(), 0
    for door in doors_of(scene):
        if door.guard in ("public", "member") and not door.path.startswith("/api/"):
            answer = scene.client("buyer").get(door.path)
            if not answer.streaming and "html" in answer.headers.get("Content-Type", ""):
                found = asks.findall(answer.content.decode())
                seen += len(found)
                elsewhere |= {(door.route, url) for url in found if re.match(r"(?:\w+:)?//", url)}
                assert answer.headers["Referrer-Policy"] == "same-origin", door.route
    ours = {(route, url) for route, url in elsewhere if url.startswith((settings.SITE_URL, "http://testserver"))}
    assert seen > 200 and not elsewhere - ours


def test_asvs_14_2_4_each_sealed_column_is_named_in_the_table_of_classes():
    from django.apps import apps

    from core.sealed import FileKeyField, SealedField

    columns = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, SealedField | FileKeyField)
    }
    listed = set(re.findall(r"^- `([\w.]+)` \(", PAGE, re.MULTILINE))
    assert columns == listed and len(columns) > 5


def test_asvs_14_2_4_no_column_that_should_be_sealed_lies_readable():
    """By their names: what the documents call secret or sealed is a sealed field, a digest, or a masked end."""
    from django.apps import apps

    suspect = re.compile(r"secret|licence_number|id_number|pickup_code|account_number|private_key|^number$|card")
    allowed = re.compile(r"(_hash|_index|_masked|last4|digest)$")
    # Numbers of our own, and of parcels, which stand on them for everybody to read.
    known = {"shop.Order.number", "disputes.Case.number", "logistics.Shipment.number", "logistics.SandboxParcel.number"}
    plain = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model.__module__.split(".")[0] in ("accounts", "shop", "escrow", "logistics", "disputes", "core")
        for field in model._meta.get_fields()
        if isinstance(field, Field)
        and not field.is_relation
        and field.get_internal_type() in ("CharField", "TextField")
        if suspect.search(field.name) and not allowed.search(field.name)
    }
    assert plain == known


# --- retention --------------------------------------------------------------------------------------------------------


@pytest.fixture
def old_things():
    """One of each, made now; how each is counted."""
    user, now = UserFactory(), clock.now()
    challenges.open_challenge(purpose="t", channel="sms", code="123456", user_id=user.pk, now=now)
    qr.ask(session_key="k", seen=qr.Seen(ip="10.0.0.1"), now=now)
    send_sms(to="+8613900139000", body="x", now=now)
    stay = {"user": user, "method": "code", "started_at": now, "last_seen_at": now}
    MemberSession.objects.create(session_key="", ended_at=now, end_reason="logout", **stay)
    MemberSession.objects.create(session_key="open", **stay)
    return now


def test_asvs_14_2_7_codes_requests_sessions_and_texts_are_forgotten_on_their_day(old_things):
    counts = {QRLogin: 30, OutgoingMessage: 90, Challenge: 180, MemberSession: 180}
    before = {model: model._default_manager.count() for model in counts}
    for model, days in counts.items():
        retention.forget_old(now=old_things + days * DAY)
        assert model._default_manager.count() >= before[model] - (model is MemberSession), "not before its time is over"
        retention.forget_old(now=old_things + days * DAY + timedelta(seconds=1))
        assert model._default_manager.count() == before[model] - 1, model
    assert MemberSession.objects.get().session_key == "open", "what is open is not over, however old"


def test_asvs_14_2_7_a_session_that_has_expired_leaves_no_row(client):
    client.force_login(UserFactory())
    key = client.session.session_key
    retention.forget_old(now=clock.now())
    assert Session.objects.filter(session_key=key).exists()
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    retention.forget_old(now=clock.now())
    assert not Session.objects.filter(session_key=key).exists()


def test_asvs_14_2_7_the_clock_does_it_and_the_documents_say_when():
    planned = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    for task in ("accounts.tasks.forget_old", "shop.tasks.destroy_old_papers", "core.tasks.purge_idempotency_keys"):
        assert task in planned and import_string(task).name == task
    for name, kept in retention.KEPT.items():
        assert f"| {name} | {kept.days} days |" in PAGE, name


@pytest.fixture
def root(settings, tmp_path):
    settings.SEALED_ROOT = tmp_path / "sealed"
    return settings.SEALED_ROOT


def files(root: Path) -> int:
    return len([path for path in root.rglob("*") if path.is_file()])


def test_asvs_14_2_7_identity_papers_of_a_refused_applicant_are_destroyed_after_half_a_year(
    root, django_capture_on_commit_callbacks
):
    application, reviewer = taken()
    now = clock.now()
    reviews.refuse(application_id=application.pk, reason="Not in order.", actor=actor_of(reviewer), now=now)
    count = files(root)
    row = StoreDocument.objects.filter(store=application.store_id).first()
    with django_capture_on_commit_callbacks(execute=True):
        assert papers.destroy_old_papers(now=now + 180 * DAY) == 0 and files(root) == count > 0
    with django_capture_on_commit_callbacks(execute=True):
        assert papers.destroy_old_papers(now=now + 181 * DAY) > 0
    assert files(root) == 0 and papers.destroy_old_papers(now=now + 182 * DAY) == 0
    application = StoreApplication.objects.get(pk=application.pk)
    assert application.id_number is None and application.licence_number is None and not application.id_index
    assert AuditEntry.objects.filter(act="store_document.destroyed", subject=str(row.pk)).count() == 1
    assert StoreDocument.objects.get(pk=row.pk).sha256 == row.sha256, "what was decided about which file stays"
    with pytest.raises(NotFound):
        open_document(document_id=row.pk, copy=False, actor=actor_of(application.store.owner))


def test_asvs_14_2_7_a_merchants_papers_are_kept_for_three_years_after_the_end(
    root, django_capture_on_commit_callbacks
):
    store, _reviewer = approved()
    count, now = files(root), clock.now()
    with django_capture_on_commit_callbacks(execute=True):
        assert papers.destroy_old_papers(now=now + 3650 * DAY) == 0, "a store that works keeps its papers"
    Store.objects.filter(pk=store.pk).update(status=StoreStatus.ENDED, may_sell=False)
    from core import audit
    from core.actor import SYSTEM

    audit.record(actor=SYSTEM, act="store.ended", subject_type="store", subject=str(store.pk))
    with django_capture_on_commit_callbacks(execute=True):
        assert papers.destroy_old_papers(now=now + 1095 * DAY) == 0 and files(root) == count > 0
    with django_capture_on_commit_callbacks(execute=True):
        assert papers.destroy_old_papers(now=now + 1096 * DAY) > 0
    assert files(root) == 0


def test_asvs_14_2_7_a_paper_that_was_replaced_goes_after_three_years(root, django_capture_on_commit_callbacks):
    store, _reviewer = approved()
    old = paper(store, "licence")
    now = clock.now()
    StoreDocument.objects.filter(pk=old.pk).update(status=DocumentStatus.REPLACED, decided_at=now)
    count = files(root)
    with django_capture_on_commit_callbacks(execute=True):
        assert papers.destroy_old_papers(now=now + 1096 * DAY) == 1
    assert files(root) < count and StoreDocument.objects.exclude(path="").filter(store=store).exists()
