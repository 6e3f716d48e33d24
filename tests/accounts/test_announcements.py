"""Announcements: written by staff, shown to whom they are for, closed for good, withdrawn in the open."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Announcement, User
from accounts.queries import announcements as queries
from accounts.services import announcements as services
from accounts.services.announcements import EndsTooEarly, NotADraft, Words
from accounts.services.step_up import Act
from core import clock
from core.errors import Forbidden, Invalid
from core.models import AuditEntry
from tests.accounts.proofs import prove
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import actor_of

pytestmark = pytest.mark.django_db
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}
HOME, OFFICE, CONSOLE = "/", "/merchant/", "/console/"


@pytest.fixture
def staff():
    return MediatorFactory(language="en")


def words(title="Carriers rest at New Year", **more):
    given = {
        "kind": "notice", "audience": "everyone", "importance": 0, "title_en": title, "title_zh": f"中：{title}",
        "text_en": "First.\n\nSecond <b>.", "text_zh": "第一段。",
    }  # fmt: skip
    return Words(**{**given, **more})


def out(staff, title="Carriers rest at New Year", **more):
    """A published one."""
    row = services.write(words=words(title, **more), actor=actor_of(staff), now=clock.now())
    return services.publish(announcement_id=row.pk, actor=actor_of(staff), now=clock.now())


def over(client, path=HOME):
    """The titles over a page."""
    answer = client.get(path, **ENGLISH)
    assert answer.status_code == 200, (path, answer.status_code)
    return [row.title_en for row in answer.context["ANNOUNCEMENTS"]]


def as_(user):
    client = Client(**ENGLISH)
    client.force_login(user)
    return client


def test_what_is_published_stands_over_every_page_in_the_readers_language(client, staff):
    row = out(staff)
    page = client.get(HOME, **ENGLISH).content.decode()
    assert "Carriers rest at New Year" in page and row.get_absolute_url() in page
    assert "中：Carriers rest" in client.get(HOME, HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()
    assert over(client, reverse("account_login")) == ["Carriers rest at New Year"]
    assert over(as_(staff), CONSOLE) == ["Carriers rest at New Year"]


@pytest.mark.parametrize(
    ("audience", "visitor", "buyer", "merchant_shops", "merchant_works", "staff_works"),
    [
        ("everyone", True, True, True, True, True),
        ("buyers", True, True, True, False, False),
        ("merchants", False, False, True, True, False),
        ("staff", False, False, False, False, True),
    ],
)
def test_an_announcement_is_shown_to_whom_it_is_for(
    client, staff, audience, visitor, buyer, merchant_shops, merchant_works, staff_works
):
    out(staff, audience=audience)
    merchant = StoreFactory().owner
    seen = [
        over(client), over(as_(UserFactory())), over(as_(merchant)), over(as_(merchant), OFFICE),
        over(as_(staff), CONSOLE),
    ]  # fmt: skip
    assert [bool(one) for one in seen] == [visitor, buyer, merchant_shops, merchant_works, staff_works]


def test_the_important_comes_first_and_two_are_enough(client, staff):
    for title, importance in (("first", 0), ("grave", 1), ("last", 0)):
        out(staff, title, importance=importance)
    assert over(client) == ["grave", "last"]


def test_one_that_is_closed_stays_closed_in_this_browser_and_for_the_member_in_all(client, staff):
    row, other = out(staff, "one"), out(staff, "other")
    close = reverse("announcement-dismiss", args=[row.pk])
    answer = client.post(close, {"next": "/search/?q=tea"})
    assert answer.url == "/search/?q=tea"
    assert over(client) == ["other"], "a visitor"
    assert client.cookies["dismissed"]["httponly"] and client.cookies["dismissed"]["samesite"] == "Lax"
    lin = UserFactory()
    assert set(over(as_(lin))) == {"one", "other"}, "another person's browser is not touched"
    as_(lin).post(close)
    assert over(as_(lin)) == ["other"], "a member, in a browser that never saw it"
    client.force_login(lin)
    client.post(reverse("announcement-dismiss", args=[other.pk]))
    assert User.objects.get(pk=lin.pk).dismissed == [row.pk, other.pk]
    assert over(client) == []


def test_closing_needs_a_post_and_leads_to_no_other_site(client, staff):
    close = reverse("announcement-dismiss", args=[out(staff).pk])
    assert client.get(close).status_code == 405
    assert client.post(close, {"next": "https://evil.example/"}).url == "/"
    assert client.post(reverse("announcement-dismiss", args=[10**8])).status_code == 404


@pytest.mark.parametrize("cookie", ["", "x", "1..2", "Ù£", "9" * 400, "1." * 400, "-1", "1;2"])
def test_a_spoilt_cookie_closes_nothing(client, staff, cookie):
    out(staff)
    client.cookies["dismissed"] = cookie
    assert over(client) == ["Carriers rest at New Year"]


def test_of_many_closed_ones_the_newest_are_remembered():
    lin = UserFactory(dismissed=list(range(1, 60)))
    kept = services.dismiss(user_id=lin.pk, announcement_ids=[60, 59])
    assert kept == list(range(21, 61)) == User.objects.get(pk=lin.pk).dismissed


def test_it_begins_and_ends_by_itself(client, staff):
    now = clock.now()
    row = out(staff, from_at=now + timedelta(hours=1), until_at=now + timedelta(hours=3))
    permalink = row.get_absolute_url()
    assert over(client) == [] and client.get(permalink).status_code == 404, "not before its time"
    with clock.at(now + timedelta(hours=2)):
        assert over(client) == ["Carriers rest at New Year"]
        assert client.get(permalink).status_code == 200
    with clock.at(now + timedelta(hours=4)):
        assert over(client) == []
        assert client.get(permalink).status_code == 200, "its address lasts"
        assert "Carriers rest" in client.get("/announcements/", **ENGLISH).content.decode()


def test_the_list_is_public_and_that_of_staff_is_not(client, staff):
    for audience in Announcement.Audience.values:
        out(staff, f"for {audience}", audience=audience)
    page = client.get("/announcements/", **ENGLISH).content.decode()
    assert all(f"for {one}" in page for one in ("everyone", "buyers", "merchants")) and "for staff" not in page
    secret = Announcement.objects.get(audience="staff")
    assert client.get(secret.get_absolute_url()).status_code == 404
    assert as_(staff).get(secret.get_absolute_url()).status_code == 200
    assert "for staff" in as_(staff).get("/announcements/").content.decode()
    out(staff, "beware", kind="safety")
    only = client.get("/announcements/?kind=safety", **ENGLISH).context["rows"]
    assert [one["row"].title_en for one in only] == ["beware"]


def test_the_text_is_plain_paragraphs(client, staff):
    page = client.get(out(staff).get_absolute_url(), **ENGLISH).content.decode()
    assert "<p>First.</p>" in page and "Second &lt;b&gt;." in page
    lure = out(staff, '<a href="https://evil.example">Win</a>', text_zh="https://evil.example")
    for path, office in (
        (HOME, client),
        (lure.get_absolute_url(), client),
        (f"/console{lure.get_absolute_url()}", as_(staff)),
    ):
        page = office.get(path, **ENGLISH).content.decode()
        assert "&lt;a href=" in page and "https://evil.example" in page, path
        assert 'href="https://evil' not in page and "<a href=&" not in page, path


def test_a_withdrawn_one_is_gone_and_says_why_at_its_address(client, staff):
    row = out(staff)
    services.withdraw(announcement_id=row.pk, reason="It was wrong.", actor=actor_of(staff), now=clock.now())
    assert over(client) == [] and "Carriers rest" not in client.get("/announcements/", **ENGLISH).content.decode()
    page = client.get(row.get_absolute_url(), **ENGLISH).content.decode()
    assert "Withdrawn on" in page and "It was wrong." in page and "First." not in page
    with pytest.raises(NotADraft):
        services.withdraw(announcement_id=row.pk, reason="Again.", actor=actor_of(staff), now=clock.now())


def test_what_was_never_shown_has_no_public_address(client, staff):
    draft = services.write(words=words(), actor=actor_of(staff), now=clock.now())
    soon = out(staff, from_at=clock.now() + timedelta(hours=1))
    for row in (draft, soon):
        services.withdraw(announcement_id=row.pk, reason="No.", actor=actor_of(staff), now=clock.now())
    with clock.at(clock.now() + timedelta(hours=2)):
        assert [client.get(row.get_absolute_url()).status_code for row in (draft, soon)] == [404, 404]


def test_only_staff_write_and_nothing_published_is_changed(staff):
    with pytest.raises(Forbidden):
        services.write(words=words(), actor=actor_of(UserFactory()), now=clock.now())
    row, now = out(staff), clock.now()
    with pytest.raises(NotADraft):
        services.rewrite(announcement_id=row.pk, words=words("other"), actor=actor_of(staff))
    with pytest.raises(NotADraft):
        services.publish(announcement_id=row.pk, actor=actor_of(staff), now=now)
    with pytest.raises(Invalid):
        services.withdraw(announcement_id=row.pk, reason="  ", actor=actor_of(staff), now=now)
    early = words(from_at=now, until_at=now - timedelta(hours=1))
    with pytest.raises(EndsTooEarly):
        services.write(words=early, actor=actor_of(staff), now=now)
    late = services.write(words=words(until_at=now - timedelta(hours=1)), actor=actor_of(staff), now=now)
    with pytest.raises(EndsTooEarly):
        services.publish(announcement_id=late.pk, actor=actor_of(staff), now=now)


@pytest.mark.parametrize(
    "spoil",
    [
        {"title_zh": ""}, {"text_en": ""}, {"from_at": None}, {"published_by": None}, {"reason": "Why"},
        {"until_at": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
    ids=lambda spoil: next(iter(spoil)),
)  # fmt: skip
def test_the_table_takes_no_half_announcement(staff, spoil):
    row = out(staff)
    with pytest.raises(IntegrityError), transaction.atomic():
        Announcement.objects.filter(pk=row.pk).update(**spoil)


def form(title="Beware of false couriers", **more):
    given = {name: getattr(words(title), name) for name in Words.__slots__ if name not in ("from_at", "until_at")}
    return {**given, "kind": "safety", "from_at": "", "until_at": "", **more}


def test_from_the_draft_to_the_page_over_http(staff):
    office = as_(staff)
    answer = office.post("/console/announcements/new/", form())
    row = Announcement.objects.get()
    assert answer.url == f"/console/announcements/{row.pk}/" and over(Client()) == [], "a draft is nobody's"
    preview = office.get(answer.url, **ENGLISH).content.decode()
    assert "Beware of false couriers" in preview and "中：Beware of false couriers" in preview
    assert office.post(answer.url, form("Beware of them", until_at="2030-01-01T08:00")).status_code == 302
    act = f"{answer.url}act/"
    row.refresh_from_db()
    sent = {"act": "publish", "read": services.words_of(row)}
    asked = office.post(act, sent, **ENGLISH)
    assert asked.status_code == 403 and "Write to many people at once" in asked.content.decode()
    assert over(Client()) == [], "not before it is known who publishes"
    prove(office, staff, Act("mass_message", target=f"announcement:{row.pk}:{sent['read']}"))
    assert office.post(act, sent).status_code == 302
    assert over(Client()) == ["Beware of them"]
    assert office.post(act, {"act": "copy"}).status_code == 302
    assert office.post(act, {"act": "withdraw", "reason": "They are caught."}).status_code == 302
    assert over(Client()) == []
    acts = AuditEntry.objects.filter(subject_type="announcement", subject=str(row.pk)).order_by("pk")
    assert [(one.act, one.user_id) for one in acts] == [
        (f"announcement.{act}", staff.pk) for act in ("written", "changed", "published", "withdrawn")
    ]
    assert "They are caught." in office.get(answer.url, **ENGLISH).content.decode()
    tabs = office.get("/console/announcements/?view=draft", **ENGLISH).context["tabs"]
    assert {tab["url"].rpartition("=")[2]: tab["count"] for tab in tabs} == {
        "draft": 1, "waiting": 0, "shown": 0, "over": 0, "withdrawn": 1,
    }  # fmt: skip


def test_nobody_publishes_words_that_another_has_changed_since_he_read_them(staff):
    row = services.write(words=words("Beware"), actor=actor_of(staff), now=clock.now())
    office, act = as_(staff), f"/console/announcements/{row.pk}/act/"
    read = office.get(f"/console/announcements/{row.pk}/").context["read"]
    prove(office, staff, Act("mass_message", target=f"announcement:{row.pk}:{read}"))
    prove(office, staff, Act("mass_message", target=f"announcement:{row.pk}"))
    services.rewrite(announcement_id=row.pk, words=words("Call this number"), actor=actor_of(MediatorFactory()))
    for sent in (read, "", None):
        office.post(act, {"act": "publish"} | ({"read": sent} if sent is not None else {}))
    assert over(Client()) == []
    row.refresh_from_db()
    assert office.post(act, {"act": "publish", "read": services.words_of(row)}).status_code == 403, "asked anew"


@pytest.mark.parametrize(
    "more",
    [{"title_zh": ""}, {"title_en": "x" * 121}, {"kind": "advert"}, {"audience": "all"}, {"importance": "9"},
     {"until_at": "soon"}, {"from_at": "2030-01-02T08:00", "until_at": "2030-01-01T08:00"}],
    ids=lambda more: next(iter(more)),
)  # fmt: skip
def test_a_wrong_form_is_shown_again_with_what_is_wrong(staff, more):
    answer = as_(staff).post("/console/announcements/new/", form(**more))
    assert answer.status_code == 422 and not Announcement.objects.exists()
    assert answer.context["form"].errors


def test_pages_pay_nothing_for_it(client, staff):
    """
    Neither with an announcement nor without: the version is looked at now and then, the rows when it has changed.

    Seen red with `over_pages` reading the table each time.
    """

    def cost(who):
        who.get(HOME)
        with CaptureQueriesContext(connection) as seen:
            who.get(HOME)
        assert not [one["sql"] for one in seen if "accounts_announcement" in one["sql"] or "cache" in one["sql"]]
        return len(seen)

    lin = as_(UserFactory())
    before = (cost(client), cost(lin))
    row = out(staff)
    services.dismiss(user_id=lin.session["_auth_user_id"], announcement_ids=[row.pk])
    out(staff, "other")
    assert (cost(client), cost(lin)) == before
    assert over(lin) == ["other"]


@pytest.mark.django_db(transaction=True)
def test_another_process_hears_of_it_by_the_version(staff, monkeypatch):
    elsewhere = queries.Kept(version=cache.get(queries.VERSION), looked_at=time.monotonic(), read_at=time.monotonic())
    out(staff)
    monkeypatch.setattr(queries, "_kept", elsewhere)
    seen = {"audiences": {"everyone"}, "dismissed": set(), "now": clock.now()}
    assert queries.over_pages(**seen) == [], "it looks in a while"
    monkeypatch.setattr(queries, "STALE_SECONDS", -1.0)
    assert len(queries.over_pages(**seen)) == 1
    with CaptureQueriesContext(connection) as asked:
        queries.over_pages(**seen)
    assert not [one for one in asked if "accounts_announcement" in one["sql"]], (
        "the version alone, while it is the same"
    )


def test_a_strip_that_cannot_be_read_takes_no_page_away(client, staff, monkeypatch):
    out(staff)
    assert over(client)
    monkeypatch.setattr(queries, "STALE_SECONDS", -1.0)

    class Away:
        def get(self, key):
            raise DatabaseError("away")

    monkeypatch.setattr(queries, "cache", Away())
    assert over(client) == ["Carriers rest at New Year"], "what was known goes on"


def test_what_is_published_while_the_cache_is_away_is_published(client, staff, monkeypatch, caplog):
    """Seen red: the row was written and its author read that something had gone wrong."""
    row = services.write(words=words(), actor=actor_of(staff), now=clock.now())

    def away(*args, **more):
        raise ConnectionError("no cache")

    monkeypatch.setattr(cache, "set", away)
    with TestCase.captureOnCommitCallbacks(execute=True):
        services.publish(announcement_id=row.pk, actor=actor_of(staff), now=clock.now())
    assert "no cache" in caplog.text
    assert over(client) == ["Carriers rest at New Year"]
