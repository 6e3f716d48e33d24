"""A new device is proven with a code; a known one is not asked; a copied cookie opens nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Challenge, Device, LoginEvent, MemberSession, OutgoingMessage
from accounts.services import challenges, devices, stays
from accounts.services.challenges import ChallengeOver, WrongCode
from core import clock
from core.actor import SYSTEM
from tests.accounts.letters import code_to, through, wrong
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
PHONE, MAIL = "+8613900139000", "lin@example.com"
CHECK = "/accounts/device/"


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE, email=MAIL)


def who(client):
    return client.session.get("_auth_user_id")


def begin(client, login=PHONE, password=PASSWORD):
    return client.post("/accounts/login/", {"login": login, "password": password})


def proven(client, login=PHONE, password=PASSWORD):
    return through(client, begin(client, login, password))


def test_a_new_device_is_asked_for_a_code_and_then_known(client, lin):
    assert begin(client).url == CHECK
    assert who(client) is None, "the password alone opens nothing"
    assert PHONE not in client.get(CHECK).content.decode().replace(f'href="/sandbox/outbox/?to={PHONE}"', "")
    client.post(CHECK, {"code": wrong(code_to(PHONE))})
    assert who(client) is None
    client.post(CHECK, {"code": code_to(PHONE)})
    assert who(client) == str(lin.pk)
    device = Device.objects.get(user=lin)
    assert device.verified_by == "sms" and device.trusted_until - device.created_at == timedelta(days=180)
    client.post("/accounts/logout/")
    assert begin(client).url == "/", "known now"
    assert Device.objects.count() == 1 and MemberSession.objects.filter(ended_at__isnull=True).count() == 1


def test_the_code_goes_to_the_phone_when_there_is_one_and_else_by_mail(client, lin):
    begin(client, MAIL)
    assert OutgoingMessage.objects.filter(to=PHONE).exists() and not OutgoingMessage.objects.filter(to=MAIL).exists()
    other = UserFactory(phone=None, email="no-phone@example.com")
    elsewhere = Client()
    proven(elsewhere, other.email)
    assert who(elsewhere) == str(other.pk) and Device.objects.get(user=other).verified_by == "email"


def test_a_login_by_text_message_proves_the_device_at_once(client, lin):
    client.post("/accounts/login/code/", {"login": PHONE})
    answer = client.post("/accounts/login/code/confirm/", {"code": code_to(PHONE)})
    assert answer.url == "/" and who(client) == str(lin.pk)
    assert Device.objects.get(user=lin).verified_by == "sms"


def test_with_the_device_lock_a_text_message_is_not_enough(client, lin):
    type(lin).objects.update(device_lock=True)
    client.post("/accounts/login/code/", {"login": PHONE})
    assert client.post("/accounts/login/code/confirm/", {"code": code_to(PHONE)}).url == CHECK
    assert who(client) is None


def test_the_device_of_one_is_not_the_device_of_another(client, lin):
    proven(client)
    client.post("/accounts/logout/")
    other = UserFactory(phone="+8613900139001")
    assert begin(client, "+8613900139001").url == CHECK
    through(client, begin(client, "+8613900139001"))
    assert who(client) == str(other.pk)
    client.post("/accounts/logout/")
    assert begin(client).url == "/", "both are known on a browser they share"


def test_the_secret_changes_at_each_login_and_the_old_one_ends_the_device(client, lin):
    proven(client)
    old = client.cookies["device"].value
    client.post("/accounts/logout/")
    begin(client)
    assert who(client) and client.cookies["device"].value != old
    thief = Client()
    thief.cookies["device"] = old
    assert begin(thief).url == CHECK, "a copied secret opens nothing"
    through(thief, thief.get(CHECK))
    thief.post(CHECK, {"code": code_to(PHONE)})
    assert Device.objects.filter(user=lin, revoked_reason="reuse").count() == 1
    assert LoginEvent.objects.filter(user_id=lin.pk, outcome="stolen").exists()
    assert client.get("/me/").status_code == 302, "and whoever sat on that device is out"


@pytest.mark.parametrize("cookie", [
    "", "~", ":", "x:y", "~" * 2000, "0" * 32 + ":x", "\u202e:1", f"{'f' * 32}:{'a' * 5000}", "../../etc:passwd",
])  # fmt: skip
def test_a_cookie_that_is_none_is_a_new_device(lin, cookie):
    assert devices.recognise(user_id=lin.pk, cookie=cookie, now=clock.now()) == devices.Recognition()


def test_trust_ends_after_half_a_year(client, lin):
    proven(client)
    Device.objects.update(trusted_until=clock.now() - timedelta(seconds=1))
    client.post("/accounts/logout/")
    assert begin(client).url == CHECK


def test_a_revoked_device_is_new_again_and_its_sessions_are_over(client, lin):
    proven(client)
    device, now = Device.objects.get(user=lin), clock.now()
    devices.revoke_device(device_id=device.pk, user_id=lin.pk, actor=SYSTEM, reason="member", now=now)
    assert stays.end_stays(user_id=lin.pk, reason="revoked", device_id=device.pk, now=now) == 1
    assert client.get("/me/").status_code == 302
    assert not MemberSession.objects.exclude(session_key="").exists()
    assert begin(client).url == CHECK


def test_a_login_that_waits_does_not_outlive_a_new_password(client, lin):
    begin(client)
    code = code_to(PHONE)
    lin.set_password("a-new-river-9")
    lin.save()
    answer = client.post(CHECK, {"code": code})
    assert answer.url == "/accounts/login/" and who(client) is None


def test_codes_lie_nowhere_readable(client, lin):
    client.post("/accounts/login/code/", {"login": PHONE})
    code = code_to(PHONE)
    Client().post("/accounts/password/reset/", {"email": MAIL})
    codes = [code, code_to(MAIL)]
    stored = [session.get_decoded() for session in Session.objects.all()]
    assert stored and not any(code in str(data) for code in codes for data in stored)
    rows = Challenge.objects.values_list("code_hash", "target_masked")
    assert not any(code in "".join(row) for code in codes for row in rows)
    assert not any(PHONE in row[1] or MAIL in row[1] for row in rows)


def test_five_guesses_are_judged_and_no_sixth(lin):
    row = challenges.open_challenge(purpose="t", channel="sms", code="123456", user_id=lin.pk, now=clock.now())
    for _time in range(5):
        with pytest.raises(WrongCode):
            challenges.judge(challenge_id=row.pk, answer="000000", now=clock.now())
    with pytest.raises(ChallengeOver):
        challenges.judge(challenge_id=row.pk, answer="123456", now=clock.now())


def test_a_code_opens_once_and_only_while_it_is_fresh(lin):
    now = clock.now()
    row = challenges.open_challenge(purpose="t", channel="sms", code="123456", user_id=lin.pk, now=now)
    with pytest.raises(ChallengeOver):
        challenges.judge(challenge_id=row.pk, answer="123456", now=now + timedelta(minutes=10))
    challenges.judge(challenge_id=row.pk, answer=" 123 456", now=now)
    with pytest.raises(ChallengeOver):
        challenges.judge(challenge_id=row.pk, answer="123456", now=now)
    challenges.spend_challenge(challenge_id=row.pk, now=now)
    with pytest.raises(ChallengeOver):
        challenges.spend_challenge(challenge_id=row.pk, now=now)


def test_asvs_6_6_2_a_code_of_another_attempt_is_refused(client, lin):
    begin(client)
    mine = code_to(PHONE)
    elsewhere = Client()
    begin(elsewhere)
    elsewhere.post(CHECK, {"code": mine})
    assert who(elsewhere) is None or mine == code_to(PHONE)


def test_every_try_is_on_record(client, lin):
    proven(client)
    client.post("/accounts/logout/")
    assert list(LoginEvent.objects.filter(user_id=lin.pk).order_by("pk").values_list("outcome", flat=True)) == [
        "device_asked",
        "in",
        "out",
    ]
