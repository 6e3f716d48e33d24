"""Authenticator app and recovery codes: set up, asked for, counted, never taken twice, told about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.adapter import FactorAdapter
from accounts.models import Challenge, Device, LoginEvent, OutgoingMessage, RecoveryCode, TotpSecret
from accounts.services import challenges, factors, step_up
from accounts.services.standing import AccountLimited
from accounts.services.step_up import Act
from accounts.states import Standing
from core import clock
from core.actor import Actor
from core.errors import NotFound
from core.models import AuditEntry
from tests.accounts.letters import code_to, wrong
from tests.accounts.proofs import prove
from tests.factories.accounts import PASSWORD, UserFactory
from tests.stories import settle

pytestmark = pytest.mark.django_db
PHONE, MAIL = "+8613900139000", "lin@example.com"
CHECK, APP, CODES = "/accounts/2fa/authenticate/", "/me/security/app/", "/me/security/recovery/"
API = "/api/v1/auth/"


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE, email=MAIL)


def code_of(user, ahead: int = 0) -> str:
    """What the app shows now, or so many steps ahead."""
    real = clock.now() - clock.offset() + timedelta(seconds=30 * ahead)
    return pyotp.TOTP(TotpSecret.objects.get(pk=user.pk).secret.open()).at(real)


def with_app(user) -> list[str]:
    """As if this member had set an app up a while ago; the recovery codes."""
    secret, now = pyotp.random_base32(), clock.now()
    code = pyotp.TOTP(secret).at(now - clock.offset())
    codes = factors.add_totp(user_id=user.pk, secret=secret, code=code, actor=Actor(user_id=user.pk), now=now)
    TotpSecret.objects.update(last_step=0)
    return codes


def who(client):
    return client.session.get("_auth_user_id")


def begin(client):
    return client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD})


# --- setting up -------------------------------------------------------------------------------------------------------


def test_setting_an_app_up_asks_who_is_there_then_shows_the_secret_and_takes_its_first_code(client, lin):
    client.force_login(lin)
    assert client.get(APP).url.startswith("/me/confirm/factor/")
    prove(client, lin, Act("factor", target="app"))
    page = client.get(APP)
    secret = page.context["secret"].replace(" ", "")
    assert page.context["image"].startswith("data:image/svg+xml") and f"secret={secret}" in page.context["address"]
    assert secret not in str([session.get_decoded() for session in Session.objects.all()]), "nothing lies readable"
    setup = page.context["form"].initial["setup"]
    assert secret not in setup
    refused = client.post(APP, {"setup": setup, "code": wrong(pyotp.TOTP(secret).now())})
    assert refused.status_code == 400 and not TotpSecret.objects.exists()
    assert refused.context["secret"] == page.context["secret"], "a typing error does not ask to scan again"
    done = client.post(APP, {"setup": setup, "code": pyotp.TOTP(secret).now()})
    assert done.status_code == 200 and len(done.context["codes"]) == 10
    assert TotpSecret.objects.get(pk=lin.pk).secret.open() == secret
    assert Authenticator.objects.get(user=lin).data == {}
    assert client.get(APP).url.startswith("/me/confirm/factor/"), "the proof is spent"
    assert AuditEntry.objects.filter(act="factor.totp_added", subject=str(lin.pk)).exists()


def test_a_page_of_another_session_or_of_an_hour_ago_sets_nothing_up(client, lin):
    now = clock.now()
    secret, token = factors.new_setup(user=lin, session_key="a" * 32, now=now)
    assert factors.read_setup(user=lin, session_key="a" * 32, token=token, now=now) == secret
    for changed in ({"session_key": "b" * 32}, {"user": UserFactory()}, {"now": now + timedelta(minutes=16)}):
        with pytest.raises(factors.SetupOver):
            factors.read_setup(**{"user": lin, "session_key": "a" * 32, "token": token, "now": now, **changed})
    client.force_login(lin)
    prove(client, lin, Act("factor", target="app"))
    page = client.post(APP, {"setup": token, "code": pyotp.TOTP(secret).now()})
    assert page.status_code == 400 and not TotpSecret.objects.exists()
    for junk in ("", "x", "é" * 20, "=" * 600):
        assert client.post(APP, {"setup": junk, "code": "123456"}).status_code == 400


def test_the_secret_lies_sealed_and_opens_for_its_owner_alone(lin):
    with_app(lin)
    other = UserFactory()
    with_app(other)
    secret = TotpSecret.objects.get(pk=lin.pk).secret.open()
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_totpsecret")
        assert all(secret.encode() not in bytes(blob) for (blob,) in cursor.fetchall())
        cursor.execute(
            "UPDATE accounts_totpsecret SET secret = (SELECT secret FROM accounts_totpsecret WHERE user_id = %s)"
            " WHERE user_id = %s",
            [TotpSecret._meta.pk.get_db_prep_value(pk, connection) for pk in (other.pk, lin.pk)],
        )
    from core.sealed import Unsealable

    with pytest.raises(Unsealable):
        TotpSecret.objects.get(pk=lin.pk).secret.open()


def test_allauth_cannot_write_a_secret_of_its_own_into_its_table():
    for act in (FactorAdapter().encrypt, FactorAdapter().decrypt):
        with pytest.raises(NotImplementedError):
            act("x")


def test_a_limited_account_changes_no_factor(lin):
    with_app(lin)
    type(lin).objects.filter(pk=lin.pk).update(standing=Standing.LIMITED)
    actor, now = Actor(user_id=lin.pk), clock.now()
    with pytest.raises(AccountLimited):
        factors.remove_totp(user_id=lin.pk, actor=actor, now=now)
    with pytest.raises(AccountLimited):
        factors.make_codes(user_id=lin.pk, actor=actor, now=now)


def test_removing_asks_who_is_there_and_takes_the_recovery_codes_along(client, lin):
    with_app(lin)
    client.force_login(lin)
    answer = client.post(APP + "remove/")
    assert answer.status_code == 403 and answer.context["way"].name == "totp" and TotpSecret.objects.exists()
    sent = {"step_up": str(answer.context["challenge"].pk), "step_up_code": code_of(lin)}
    assert client.post(APP + "remove/", sent).url == "/me/security/"
    assert not TotpSecret.objects.exists() and not RecoveryCode.objects.exists() and not Authenticator.objects.exists()


def test_asvs_6_3_7_every_change_of_a_factor_is_told_on_every_channel(lin):
    codes = with_app(lin)
    factors.take_code(user_id=lin.pk, code=codes[0], now=clock.now())
    factors.make_codes(user_id=lin.pk, actor=Actor(user_id=lin.pk), now=clock.now())
    factors.remove_totp(user_id=lin.pk, actor=Actor(user_id=lin.pk), now=clock.now())
    settle()
    assert lin.notices.filter(kind="account.factor").count() == 4
    for to in (PHONE, MAIL):
        assert OutgoingMessage.objects.filter(to=to, sent_at__isnull=False).count() == 4
    assert "/accounts/not-me/" in lin.notices.first().body


# --- codes of the app -------------------------------------------------------------------------------------------------


def test_asvs_6_5_1_a_code_is_taken_once_also_after_the_time_in_which_allauth_forgets(lin):
    """Allauth remembers a code for thirty seconds, in the cache; with tolerance it was taken again after them."""
    with_app(lin)
    now = clock.now()
    code = pyotp.TOTP(TotpSecret.objects.get().secret.open()).at(now - clock.offset())
    assert factors.take_totp(user_id=lin.pk, code=code, now=now)
    assert not factors.take_totp(user_id=lin.pk, code=code, now=now)
    assert not factors.take_totp(user_id=lin.pk, code=code, now=now + timedelta(seconds=30))
    before = pyotp.TOTP(TotpSecret.objects.get().secret.open()).at(now - clock.offset() - timedelta(seconds=30))
    assert not factors.take_totp(user_id=lin.pk, code=before, now=now), "nor an older one"


@pytest.mark.parametrize(("steps", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_asvs_6_5_5_a_code_counts_thirty_seconds_and_one_step_to_either_side(lin, steps, is_taken):
    with_app(lin)
    code = pyotp.TOTP(TotpSecret.objects.get().secret.open()).at(1_800_000_000 + 30 * steps)
    now = datetime.fromtimestamp(1_800_000_000, UTC)
    assert factors.take_totp(user_id=lin.pk, code=code, now=now + clock.offset()) == is_taken


def test_a_code_is_right_by_real_time_also_when_the_sandbox_clock_was_moved(client, lin):
    with_app(lin)
    clock.advance_sandbox(timedelta(days=3))
    assert factors.take_totp(user_id=lin.pk, code=code_of(lin), now=clock.now())


def test_asvs_6_5_4_secret_and_recovery_codes_cannot_be_guessed(lin):
    codes = with_app(lin)
    assert len(TotpSecret.objects.get().secret.open()) == 32, "160 bits, as RFC 4226 advises"
    assert len(set(codes)) == 10 and len(factors.ALPHABET) ** 10 > 2**48


# --- signing in -------------------------------------------------------------------------------------------------------


def test_asvs_6_3_3_the_password_is_not_enough_and_the_app_proves_the_new_device_too(client, lin):
    with_app(lin)
    assert begin(client).url == CHECK and who(client) is None
    assert client.get("/me/").status_code == 302
    refused = client.post(CHECK, {"code": wrong(code_of(lin))})
    assert refused.status_code == 400 and who(client) is None
    client.post(CHECK, {"code": code_of(lin)})
    assert who(client) == str(lin.pk)
    assert Device.objects.get(user=lin).verified_by == "totp"
    assert LoginEvent.objects.filter(outcome="in", method="password+totp").exists()
    assert LoginEvent.objects.filter(outcome="wrong", method="totp", user_id=lin.pk).count() == 1
    assert not OutgoingMessage.objects.filter(to=PHONE, body__contains="code").exists()


def test_the_app_is_asked_for_on_a_known_device_and_after_a_code_by_text(client, lin):
    with_app(lin)
    begin(client)
    client.post(CHECK, {"code": code_of(lin)})
    client.post("/accounts/logout/")
    assert begin(client).url == CHECK, "the device is trusted, the password is not"
    other = Client()
    other.post("/accounts/login/code/", {"login": PHONE})
    assert other.post("/accounts/login/code/confirm/", {"code": code_to(PHONE)}).url == CHECK


def test_asvs_6_6_3_five_guesses_and_this_login_is_over(client, lin):
    with_app(lin)
    begin(client)
    bad = wrong(code_of(lin))
    assert [client.post(CHECK, {"code": bad}).status_code for _n in range(5)] == [400] * 5
    assert client.post(CHECK, {"code": code_of(lin)}).url == "/accounts/login/"
    assert who(client) is None, "the right one comes too late"
    assert Challenge.objects.get(purpose="second_factor").attempts == 5
    begin(client)
    client.post(CHECK, {"code": code_of(lin)})
    assert who(client) == str(lin.pk), "the next login has its own"


def test_asvs_6_3_1_twenty_guesses_a_day_are_all_and_the_owners_device_is_not_shut_out(client, lin):
    with_app(lin)
    begin(client)
    client.post(CHECK, {"code": code_of(lin)})
    client.post("/accounts/logout/")
    thief, bad = Client(), wrong(code_of(lin))
    for _login in range(5):
        begin(thief)
        for _n in range(6):
            thief.post(CHECK, {"code": bad})
    assert LoginEvent.objects.filter(outcome="wrong", method="totp").count() == 21
    begin(thief)
    thief.post(CHECK, {"code": bad})
    thief.post(CHECK, {"code": code_of(lin, ahead=1)})
    assert who(thief) is None
    TotpSecret.objects.update(last_step=0)
    begin(client)
    client.post(CHECK, {"code": code_of(lin)})
    assert who(client) == str(lin.pk)


def test_the_page_of_the_second_factor_is_nobodys_without_a_login_under_way(client, lin):
    assert client.get(CHECK).url.startswith("/accounts/login/")
    assert client.post(CHECK, {"code": "123456"}).url.startswith("/accounts/login/")


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "１２３４５６", "abcde-fghjk", "x" * 24, "٠١٢٣٤٥", "\x00" * 6]
)
def test_what_is_no_code_is_refused_in_words(client, lin, code):
    with_app(lin)
    begin(client)
    assert client.post(CHECK, {"code": code}).status_code == 400


def test_asvs_6_4_3_a_new_password_by_mail_does_not_switch_the_app_off(client, lin):
    with_app(lin)
    client.post("/accounts/password/reset/", {"email": MAIL})
    client.post("/accounts/password/reset/confirm/", {"code": code_to(MAIL)})
    new = "a quite new Passw0rd"
    client.post("/accounts/password/reset/complete/", {"password1": new, "password2": new})
    assert client.post("/accounts/login/", {"login": PHONE, "password": new}).url == CHECK


def test_an_app_of_ours_signs_in_with_the_second_factor_too(client, lin):
    codes = with_app(lin)
    first = client.post(f"{API}login/", {"phone": PHONE, "password": PASSWORD}, "application/json")
    assert first.status_code == 401
    pending = [flow["id"] for flow in first.json()["data"]["flows"] if flow.get("is_pending")]
    assert pending == ["mfa_authenticate"]
    head = {"HTTP_X_SESSION_TOKEN": first.json()["meta"]["session_token"]}
    bad = client.post(f"{API}factor/", {"code": wrong(code_of(lin))}, "application/json", **head)
    assert bad.status_code == 400 and bad.json()["fields"]["code"]
    done = client.post(f"{API}factor/", {"code": codes[0]}, "application/json", **head)
    assert done.status_code == 200 and done.json()["meta"]["is_authenticated"] and done.json()["meta"]["device_token"]


# --- recovery codes ---------------------------------------------------------------------------------------------------


def test_asvs_6_5_2_recovery_codes_lie_hashed_and_are_shown_once(client, lin):
    codes = with_app(lin)
    kept = str(list(RecoveryCode.objects.values()))
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)
    client.force_login(lin)
    page = client.get(CODES)
    assert page.context["left"] == 10 and not any(code in page.content.decode() for code in codes)


def test_a_recovery_code_opens_once_however_it_is_typed(client, lin):
    codes = with_app(lin)
    begin(client)
    client.post(CHECK, {"code": f" {codes[0].upper().replace('-', ' ')} "})
    assert who(client) == str(lin.pk)
    assert LoginEvent.objects.filter(outcome="in", method="password+recovery").exists()
    assert Device.objects.get(user=lin).verified_by == "recovery"
    again = Client()
    begin(again)
    assert again.post(CHECK, {"code": codes[0]}).status_code == 400 and who(again) is None


def test_a_recovery_code_is_its_owners_alone(lin):
    codes, other = with_app(lin), UserFactory()
    with_app(other)
    assert not factors.take_code(user_id=other.pk, code=codes[0], now=clock.now())


def test_who_has_few_left_is_reminded(lin, client):
    codes = with_app(lin)
    for code in codes[:7]:
        factors.take_code(user_id=lin.pk, code=code, now=clock.now())
    type(lin).objects.filter(pk=lin.pk).update(language="en")
    settle()
    assert lin.notices.filter(subject__contains="Make new ones soon").exists()
    client.force_login(lin)
    assert client.get("/me/security/").context["is_few"]


def test_new_codes_are_made_after_asking_and_the_old_open_nothing(client, lin):
    old = with_app(lin)
    client.force_login(lin)
    assert client.post(CODES).status_code == 403
    prove(client, lin, Act("factor", target="codes"))
    page = client.post(CODES)
    assert len(page.context["codes"]) == 10 and not set(page.context["codes"]) & set(old)
    assert "no-store" in page["Cache-Control"]
    assert not factors.take_code(user_id=lin.pk, code=old[0], now=clock.now())
    assert factors.take_code(user_id=lin.pk, code=page.context["codes"][0], now=clock.now())


def test_without_a_factor_there_are_no_codes_to_make(client, lin):
    with pytest.raises(NotFound):
        factors.make_codes(user_id=lin.pk, actor=Actor(user_id=lin.pk), now=clock.now())


def test_a_new_vault_key_reads_the_codes_of_the_old_one(lin, settings):
    codes = with_app(lin)
    settings.VAULT_KEYS = ["k2:ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=", *settings.VAULT_KEYS]
    assert factors.take_code(user_id=lin.pk, code=codes[0], now=clock.now())
    call_command("reseal", verbosity=0)
    assert TotpSecret.objects.get().secret.open()


# --- confirming an act ------------------------------------------------------------------------------------------------


def test_a_code_of_the_app_confirms_an_act_once(lin):
    with_app(lin)
    act, now, key = Act("payout", amount_minor=1, currency="CNY", target="s"), clock.now(), "k" * 32
    ways = step_up.ways(lin, "payout", device_id=None, now=now)
    assert ways[0].name == "totp"

    def asked():
        return step_up.begin(user=lin, act=act, way=ways[0], session_key=key, device_id=None, ip="", now=now)

    def confirm(code):
        return step_up.confirm(user=lin, challenge_id=asked().pk, session_key=key, code=code, now=now)

    with pytest.raises(challenges.WrongCode):
        confirm(wrong(code_of(lin)))
    code = code_of(lin)
    assert confirm(code).passed_at
    with pytest.raises(challenges.WrongCode):
        confirm(code)


def test_a_recovery_code_confirms_no_act(lin):
    codes = with_app(lin)
    now = clock.now()
    way = step_up.ways(lin, "payout", device_id=None, now=now)[0]
    row = step_up.begin(user=lin, act=Act("payout"), way=way, session_key="k", device_id=None, ip="", now=now)
    with pytest.raises(challenges.WrongCode):
        step_up.confirm(user=lin, challenge_id=row.pk, session_key="k", code=codes[0], now=now)
    assert RecoveryCode.objects.filter(used_at__isnull=True).count() == 10


def test_a_member_without_email_has_an_app_as_well(client):
    user = UserFactory(phone=PHONE, email=None)
    assert len(with_app(user)) == 10 and not EmailAddress.objects.filter(user=user).exists()
    begin(client)
    client.post(CHECK, {"code": code_of(user)})
    assert who(client) == str(user.pk)
