"""Acts that ask again who is there: bound to act, session and member, short-lived, spent once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import translation

from accounts.models import Challenge, Device, User
from accounts.services import challenges, step_up
from accounts.services.challenges import ChallengeOver, WrongCode
from accounts.services.step_up import Act, StepUpNeeded, WrongPassword
from core import clock
from core.errors import TooMany
from escrow.models import PayoutAccount
from tests.accounts.letters import code_to, wrong
from tests.accounts.proofs import confirm_page, prove
from tests.factories.accounts import PASSWORD, UserFactory
from tests.factories.shop import StoreFactory

pytestmark = pytest.mark.django_db
SETTINGS = "/merchant/settings/account/"
NUMBER = "6222020200001234567"
FORM = {"bank": "Bank of Hangzhou", "holder": "Hillside Tea", "number": NUMBER}
PAY = Act("payout", amount_minor=10_000, currency="CNY", target="store-1")
KEY = "s" * 32


@pytest.fixture
def owner(client):
    store = StoreFactory()
    client.force_login(store.owner)
    return store.owner


def asked(user, act=PAY, way="sms_password", device_id=None, now=None):
    now = now or clock.now()
    found = {way.name: way for way in step_up.ways(user, act.purpose, device_id=device_id, now=now)}
    return step_up.begin(user=user, act=act, way=found[way], session_key=KEY, device_id=device_id, ip="", now=now)


def confirmed(user, act=PAY, **given):
    row = asked(user, act)
    answers = {"code": code_to(user.phone), "password": PASSWORD, **given}
    return step_up.confirm(user=user, challenge_id=row.pk, session_key=KEY, now=clock.now(), **answers)


def ensure(user, act=PAY, key=KEY, now=None):
    return step_up.ensure(user_id=user.pk, session_key=key, act=act, now=now or clock.now())


def names(user, purpose, device_id=None):
    return [way.name for way in step_up.ways(user, purpose, device_id=device_id, now=clock.now())]


def test_a_new_payout_account_is_asked_for_and_what_was_typed_goes_along(client, owner):
    answer = client.post(SETTINGS, FORM)
    assert answer.status_code == 403 and not PayoutAccount.objects.exists()
    assert NUMBER not in str([session.get_decoded() for session in Session.objects.all()])
    answer = confirm_page(client, answer, to=owner.phone)
    assert answer.status_code == 302 and PayoutAccount.objects.get().last4 == "4567"
    assert Challenge.objects.get(purpose="payout_account").spent_at is not None


def test_a_wrong_code_or_password_says_so_and_changes_nothing(client, owner):
    answer = client.post(SETTINGS, FORM)
    row = answer.context["challenge"]
    for code, password in ((wrong(code_to(owner.phone)), PASSWORD), (code_to(owner.phone), "guess")):
        page = client.post(SETTINGS, {**FORM, "step_up": row.pk, "step_up_code": code, "step_up_password": password})
        assert page.status_code == 400 and page.context["refusal"] and page.context["challenge"] == row
    assert not PayoutAccount.objects.exists()


def test_another_number_than_the_confirmed_one_is_asked_for_anew(client, owner):
    answer = client.post(SETTINGS, FORM)
    sent = {
        **FORM, "number": "6222020200009999999", "step_up": answer.context["challenge"].pk,
        "step_up_code": code_to(owner.phone), "step_up_password": PASSWORD,
    }  # fmt: skip
    assert client.post(SETTINGS, sent).status_code in (403, 429)
    assert not PayoutAccount.objects.exists()


def test_a_form_that_is_sent_again_at_once_still_has_the_field_for_its_code(client, owner):
    """Seen red without ``open_question``: "use it", and neither a field for it nor a button."""
    first = client.post(SETTINGS, FORM)
    again = client.post(SETTINGS, FORM)
    assert again.status_code == 429 and again.context["challenge"] == first.context["challenge"]
    assert confirm_page(client, again, to=owner.phone).status_code == 302 and PayoutAccount.objects.exists()


def test_who_was_sent_a_code_for_something_else_may_choose_and_try_again(client, owner):
    client.post(SETTINGS, FORM)
    other = client.post(SETTINGS, {**FORM, "number": "6222020200009999999"})
    assert other.status_code == 429 and other.context["challenge"] is None
    assert 'name="step_up_way"' in other.content.decode(), "a page without a button leads nowhere"


def test_a_code_that_signs_in_answers_no_question(client, owner):
    """A new device's challenge is of no session. Seen red: its purpose is none here, a KeyError and a 500."""
    row = challenges.open_challenge(
        purpose="new_device", channel="sms", code="123456", user_id=owner.pk, now=clock.now()
    )
    answer = client.post(SETTINGS, {**FORM, "step_up": row.pk, "step_up_code": "123456"})
    assert answer.status_code == 403 and not PayoutAccount.objects.exists()


def test_a_session_alone_is_no_proof_even_a_moment_after_signing_in(client):
    store = StoreFactory()
    client.post("/accounts/login/code/", {"login": store.owner.phone})
    client.post("/accounts/login/code/confirm/", {"code": code_to(store.owner.phone)})
    assert client.get("/merchant/").status_code == 200
    assert client.post(SETTINGS, FORM).status_code == 403


def test_a_proof_is_spent_once():
    user = UserFactory()
    confirmed(user)
    ensure(user)
    with pytest.raises(StepUpNeeded):
        ensure(user)


def test_an_act_that_is_refused_leaves_the_proof():
    user = UserFactory()
    confirmed(user)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ensure(user)
        raise ZeroDivisionError
    ensure(user)


@pytest.mark.parametrize("other", [
    Act("payout", amount_minor=10_001, currency="CNY", target="store-1"),
    Act("payout", amount_minor=10_000, currency="USD", target="store-1"),
    Act("payout", amount_minor=10_000, currency="CNY", target="store-2"),
    Act("payout_account", amount_minor=10_000, currency="CNY", target="store-1"),
])  # fmt: skip
def test_asvs_7_5_3_a_proof_is_of_its_own_act(other):
    user = UserFactory()
    confirmed(user)
    with pytest.raises(StepUpNeeded):
        ensure(user, other)


def test_a_proof_is_of_its_own_session_and_member():
    user, other = UserFactory(), UserFactory()
    row = asked(user)
    for who, key in ((other, KEY), (user, "t" * 32)):
        with pytest.raises(ChallengeOver):
            step_up.confirm(user=who, challenge_id=row.pk, session_key=key, code=code_to(user.phone),
                            password=PASSWORD, now=clock.now())  # fmt: skip
    confirmed(UserFactory(), Act("email"))
    for who, key in ((other, KEY), (user, "t" * 32), (user, None), (user, "")):
        with pytest.raises(StepUpNeeded):
            ensure(who, key=key)


def test_a_proof_is_over_after_ten_minutes():
    user = UserFactory()
    confirmed(user)
    with pytest.raises(StepUpNeeded):
        ensure(user, now=clock.now() + timedelta(minutes=11))


def test_a_text_message_alone_moves_no_money():
    """Numbers are taken over: for what is worth stealing the code needs the password, or a device known for a day."""
    user = UserFactory()
    assert names(user, "payout") == ["sms_password"]
    with pytest.raises(WrongPassword):
        confirmed(user, password="")
    bare = UserFactory(password=None)
    now = clock.now()
    device = Device.objects.create(
        user=bare, token_hash="x", created_at=now, last_seen_at=now, trusted_until=now + timedelta(days=1),
        verified_by="sms",
    )  # fmt: skip
    assert names(bare, "payout", device.pk) == [], "nobody without a password slips through"
    Device.objects.update(created_at=now - timedelta(days=2))
    assert names(bare, "payout", device.pk) == ["sms"]
    assert names(user, "payout", device.pk) == ["sms_password"], "another's device counts for nobody"


def test_lesser_acts_take_a_code_or_a_password_on_a_known_device():
    user = UserFactory()
    assert names(user, "product_link") == ["sms"]
    assert names(user, "product_link", Device().pk) == ["password", "sms"]


def test_who_has_no_way_is_told_what_to_set_up(client):
    user = User.objects.create_user(None, None, phone="+8613900000001")
    client.force_login(user)
    assert client.get("/me/confirm/password/").status_code == 200
    answer = client.post("/me/confirm/password/", {"step_up_way": "sms"})
    assert answer.status_code == 403 and client.get("/accounts/password/set/").status_code == 302


def test_before_a_form_is_shown(client):
    user = UserFactory()
    client.force_login(user)
    page = client.get("/me/confirm/phone/?next=/accounts/phone/change/")
    assert page.status_code == 200 and [way.name for way in page.context["ways"]] == ["sms_password"]
    assert not Challenge.objects.filter(purpose="phone").exists(), "a look sends nothing"
    answer = client.post("/me/confirm/phone/?next=/accounts/phone/change/", {"step_up_way": "sms_password"})
    answer = confirm_page(client, answer, to=user.phone)
    assert answer.url == "/accounts/phone/change/" and client.get(answer.url).status_code == 200


@pytest.mark.parametrize("onward", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\evil", ""])
def test_the_way_on_stays_here(client, onward):
    user = UserFactory()
    client.force_login(user)
    prove(client, user, Act("phone"))
    assert client.get("/me/confirm/phone/", {"next": onward}).url == "/me/"


def test_of_what_nobody_confirms_there_is_no_page(client):
    client.force_login(UserFactory())
    assert client.get("/me/confirm/everything/").status_code == 404


def test_codes_are_sent_once_a_minute_and_ten_a_day():
    user = UserFactory()
    asked(user)
    with pytest.raises(TooMany):
        asked(user)


def test_how_long_the_next_code_waits_is_said_as_people_say_it():
    with translation.override("en"):
        assert "41 seconds" in str(challenges.code_sent_lately(41).message)
        assert "in 58 minutes" in str(challenges.code_sent_lately(3_421).message)


def test_five_wrong_answers_end_the_question():
    user = UserFactory()
    row = asked(user)
    for _time in range(5):
        with pytest.raises(WrongCode):
            step_up.confirm(user=user, challenge_id=row.pk, session_key=KEY, code="000000", password=PASSWORD,
                            now=clock.now())  # fmt: skip
    with pytest.raises(ChallengeOver):
        step_up.confirm(user=user, challenge_id=row.pk, session_key=KEY, code=code_to(user.phone),
                        password=PASSWORD, now=clock.now())  # fmt: skip


def test_a_changed_password_ends_what_the_old_one_confirmed(client):
    user = UserFactory()
    client.force_login(user)
    prove(client, user, Act("password"))
    fields = {"oldpassword": PASSWORD, "password1": "a-new-river-9", "password2": "a-new-river-9"}
    assert client.post("/accounts/password/change/", fields).status_code == 302
    assert Challenge.objects.get(purpose="password").spent_at is not None
    assert client.get("/accounts/password/change/").status_code == 302, "asked anew"
