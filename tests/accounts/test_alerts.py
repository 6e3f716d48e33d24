"""Unusual logins are told, “this was not me” locks at once, and devices can be seen and ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import Device, LoginEvent, MemberSession, Notice, OutgoingMessage, User
from accounts.places import country_of, prefix_of
from accounts.queries.signals import Signals, read_signals
from accounts.services import standing, stays
from accounts.services.links import not_me_token
from accounts.services.standing import AccountFrozen, AccountLimited
from accounts.states import Standing
from core import clock
from core.actor import SYSTEM
from core.errors import IllegalTransition
from core.models import AuditEntry, Deadline
from tests.accounts.letters import code_to, last_to, through
from tests.factories.accounts import PASSWORD, UserFactory
from tests.stories import settle

pytestmark = pytest.mark.django_db
PHONE, MAIL = "+8613900139000", "lin@example.com"
CHINA, CHINA_TOO, GERMANY = "114.114.114.114", "114.114.9.9", "85.214.132.117"


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE, email=MAIL, language="en")


def sign_in(client, ip=CHINA):
    answer = client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}, REMOTE_ADDR=ip)
    if answer.url == "/accounts/device/":
        client.post("/accounts/device/", {"code": code_to(PHONE)}, REMOTE_ADDR=ip)
    settle()


def event(user, *, ip=CHINA, at=None, new_device=False):
    seen = stays.Seen(ip=ip, user_agent="Mozilla/5.0 (Windows NT 10.0) Chrome/140.0")
    pk = stays.note_try(
        user_id=user.pk, outcome="in", seen=seen, now=at or clock.now(), facts={"new_device": new_device}
    )
    return LoginEvent.objects.get(pk=pk)


def test_places_are_known_without_a_network():
    assert (country_of(CHINA), country_of(GERMANY), country_of("10.0.0.1"), country_of("nonsense")) == (
        "CN", "DE", "", "",
    )  # fmt: skip
    assert prefix_of(CHINA) == "114.114.0.0/16" and prefix_of("2001:db8:1::1") == "2001:db8::/32"
    assert prefix_of("x") == ""


def test_the_first_login_is_never_unusual(lin):
    assert read_signals(event(lin, new_device=True)) == Signals()


def test_signals_of_device_place_and_pace(lin):
    now = clock.now()
    event(lin, at=now - timedelta(days=3))
    assert read_signals(event(lin, ip=CHINA_TOO, at=now - timedelta(days=2))) == Signals()
    moved = read_signals(event(lin, ip=GERMANY, at=now - timedelta(days=1)))
    assert moved == Signals(new_prefix=True, new_country=True) and not moved.holds_payouts
    back = read_signals(event(lin, at=now - timedelta(days=1) + timedelta(hours=1)))
    assert back == Signals(impossible_pace=True) and back.holds_payouts
    fresh = read_signals(event(lin, ip="8.8.8.8", at=now, new_device=True))
    assert fresh.new_device and fresh.new_country and fresh.holds_payouts


def test_asvs_6_3_5_a_new_device_is_told_with_time_place_device_and_a_way_out(client, lin):
    sign_in(Client())
    Notice.objects.all().delete()
    sign_in(client)
    notice = Notice.objects.get(user=lin, kind="account.login")
    assert "new device" in notice.subject and CHINA in notice.body and "CN" in notice.body
    assert "/accounts/not-me/" in notice.body and "/accounts/not-me/" in last_to(MAIL).body
    sign_in(client)
    assert Notice.objects.filter(kind="account.login").count() == 1, "the known device at its known place is no news"


def test_another_country_is_told_by_text_message_too(client, lin):
    sign_in(client)
    client.post("/accounts/logout/")
    OutgoingMessage.objects.all().delete()
    sign_in(client, GERMANY)
    assert any("two countries" in row.subject for row in Notice.objects.filter(user=lin))
    assert OutgoingMessage.objects.filter(channel="sms", to=PHONE).exists()


def test_not_me_locks_at_once_and_a_look_changes_nothing(client, lin):
    sign_in(client)
    device = Device.objects.get(user=lin)
    url = f"/accounts/not-me/{not_me_token(user_id=lin.pk, device_id=device.pk, about='login 1')}/"
    stranger = Client()
    assert stranger.get(url).status_code == 200
    assert User.objects.get(pk=lin.pk).standing == Standing.NORMAL and client.get("/me/").status_code == 200
    for _time in range(2):
        assert stranger.post(url).status_code == 200
    user = User.objects.get(pk=lin.pk)
    assert user.standing == Standing.LIMITED
    assert client.get("/me/").status_code == 302, "out everywhere"
    assert Device.objects.get().revoked_reason == "not_me"
    assert AuditEntry.objects.filter(act="account.limited").count() == 1
    settle()
    with translation.override("en"):
        assert "limited" in Notice.objects.filter(user=lin, kind="account.standing").get().subject


@pytest.mark.parametrize("token", ["x", "x:y:z", "", "a" * 3000])
def test_a_damaged_link_locks_nobody(client, lin, token):
    assert client.post(f"/accounts/not-me/{token or 'a'}/").status_code in (404, 410)
    assert User.objects.get(pk=lin.pk).standing == Standing.NORMAL


def test_a_link_is_over_after_a_day_and_a_link_of_another_purpose_is_none(client, lin, monkeypatch):
    from django.core import signing

    other = signing.dumps({"u": str(lin.pk), "d": "", "a": ""}, salt="something.else")
    assert client.post(f"/accounts/not-me/{other}/").status_code == 410
    token = not_me_token(user_id=lin.pk, device_id=None, about="x")
    monkeypatch.setattr("accounts.services.links.DAY_SECONDS", -1)
    assert client.post(f"/accounts/not-me/{token}/").status_code == 410
    assert User.objects.get(pk=lin.pk).standing == Standing.NORMAL


def test_asvs_6_5_6_and_7_5_2_devices_are_seen_named_and_revoked(client, lin):
    sign_in(client)
    elsewhere = Client()
    sign_in(elsewhere)
    page = client.get("/me/devices/")
    assert [row["is_here"] for row in page.context["rows"]].count(True) == 1 and len(page.context["rows"]) == 2
    other = next(row["device"] for row in page.context["rows"] if not row["is_here"])
    client.post(f"/me/devices/{other.pk}/name/", {"name": "  Mum's phone "})
    assert Device.objects.get(pk=other.pk).name == "Mum's phone"
    client.post(f"/me/devices/{other.pk}/revoke/")
    assert elsewhere.get("/me/").status_code == 302 and client.get("/me/").status_code == 200
    assert len(client.get("/me/devices/").context["rows"]) == 1


def test_asvs_7_5_2_sessions_are_ended_one_by_one_or_all_others(client, lin):
    others = [Client(), Client()]
    sign_in(client)
    for other in others:
        sign_in(other)
    stay = MemberSession.objects.get(session_key=others[0].session.session_key)
    client.post(f"/me/devices/sessions/{stay.pk}/end/")
    assert [other.get("/me/").status_code for other in others] == [302, 200]
    client.post("/me/devices/others/")
    assert others[1].get("/me/").status_code == 302 and client.get("/me/").status_code == 200


def test_strangers_change_no_device_and_end_no_session(client, lin):
    sign_in(client)
    device, stay = Device.objects.get(), MemberSession.objects.get(ended_at__isnull=True)
    stranger = Client()
    stranger.force_login(UserFactory())
    assert stranger.post(f"/me/devices/{device.pk}/revoke/", HTTP_REFERER="http://testserver/me/").status_code == 404
    assert stranger.post(f"/me/devices/{device.pk}/name/", {"name": "x"}).status_code == 404
    stranger.post(f"/me/devices/sessions/{stay.pk}/end/")
    assert client.get("/me/").status_code == 200 and Device.objects.get().name == ""


def test_every_try_is_shown_to_its_owner(client, lin):
    sign_in(client)
    assert client.get("/me/logins/").status_code == 200
    assert len(client.get("/me/logins/").context["rows"]) >= 2


@pytest.mark.parametrize(("state", "act", "fault"), [
    (Standing.LIMITED, "pay_out", AccountLimited), (Standing.LIMITED, "change_sign_in", AccountLimited),
    (Standing.FROZEN, "use", AccountFrozen), (Standing.FROZEN, "pay_out", AccountFrozen),
    (Standing.LIMITED, "use", None), (Standing.FROZEN, "recover", None), (Standing.NORMAL, "pay_out", None),
])  # fmt: skip
def test_what_an_account_may_do(lin, state, act, fault):
    User.objects.update(standing=state)
    if fault is None:
        standing.require(lin.pk, act)
        return
    with pytest.raises(fault):
        standing.require(lin.pk, act)


def test_a_frozen_account_is_looked_at_again_until_it_is_not_frozen(client, lin):
    now = clock.now()
    assert standing.change(user_id=lin.pk, to=Standing.FROZEN, actor=SYSTEM, reason="stolen", now=now)
    assert not standing.change(user_id=lin.pk, to=Standing.FROZEN, actor=SYSTEM, reason="stolen", now=now)
    assert Deadline.objects.filter(kind="account.look_again", done_at__isnull=True).count() == 1
    standing.change(user_id=lin.pk, to=Standing.NORMAL, actor=SYSTEM, reason="cleared", now=now)
    assert not Deadline.objects.filter(kind="account.look_again", done_at__isnull=True).exists()
    standing.change(user_id=lin.pk, to=Standing.CLOSED, actor=SYSTEM, reason="asked", now=now)
    with pytest.raises(IllegalTransition):
        standing.change(user_id=lin.pk, to=Standing.NORMAL, actor=SYSTEM, reason="no", now=now)
    answer = through(client, client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}))
    assert client.session.get("_auth_user_id") is None and answer.status_code in (200, 302)
