"""Signing in with an account elsewhere: ASVS 6.8 and 10, against servers that answer over real HTTP."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.contrib.sessions.models import Session
from django.test import Client

from accounts.models import Device, LoginEvent, User
from accounts.services import third_party
from accounts.services.step_up import Act
from accounts.states import Standing
from core import clock
from core.actor import Actor
from tests.accounts.elsewhere import CLIENT, STRANGE_KEY, answers_of_qq, answers_of_weixin, elsewhere
from tests.accounts.letters import code_to, through
from tests.accounts.proofs import prove
from tests.factories.accounts import PASSWORD, UserFactory
from tests.stories import settle

pytestmark = pytest.mark.django_db
PHONE, MAIL = "+8613900139000", "lin@example.com"
SAFETY = "/me/security/"


@pytest.fixture
def site(settings):
    with elsewhere() as found:
        settings.SOCIALACCOUNT_PROVIDERS = found.settings()
        yield found


@pytest.fixture
def lin():
    return UserFactory(phone=PHONE, email=MAIL, language="en")


def who(client):
    return client.session.get("_auth_user_id")


def off(client, provider="google", path=None, **sent):
    """To the other site: what it is asked there."""
    answer = client.post(path or f"/accounts/{provider}/login/", sent)
    assert answer.status_code == 302, answer.status_code
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.url).query).items()}


def back(client, provider, asked, **more):
    sent = {"code": "c0de", "state": asked["state"], **more}
    return client.get(f"/accounts/{provider}/login/callback/?{urlencode(sent)}")


def google(client, site, **sent):
    asked = off(client, "google", **sent)
    site.nonce, site.challenge = asked["nonce"], asked["code_challenge"]
    return back(client, "google", asked)


def connected(user, uid="108", provider="google"):
    return SocialAccount.objects.create(user=user, provider=provider, uid=uid, extra_data={"name": "Lin"})


def refused(client, answer):
    return answer.status_code == 302 and answer.url == "/accounts/login/" and who(client) is None


# --- off unless set up ------------------------------------------------------------------------------------------------


def test_without_a_setup_there_is_no_button_and_no_door(client, settings):
    settings.SOCIALACCOUNT_PROVIDERS = {}
    for page in ("/accounts/login/", "/accounts/signup/", "/accounts/login/code/"):
        assert "google/login" not in client.get(page).content.decode()
    for name in ("google", "weixin", "qq", "facebook"):
        assert client.post(f"/accounts/{name}/login/").status_code == 404
        assert client.get(f"/accounts/{name}/login/callback/?code=1&state=2").status_code == 404


def test_with_a_setup_there_are_buttons_and_only_a_press_leads_away(client, site):
    for page in ("/accounts/login/", "/accounts/signup/", "/accounts/login/code/"):
        text = client.get(page).content.decode()
        assert all(f"/accounts/{name}/login/" in text for name in ("google", "weixin", "qq"))
    assert client.get("/accounts/google/login/").status_code == 405


def test_a_row_in_the_table_of_apps_opens_no_way_in(client, site, settings):
    from allauth.socialaccount.models import SocialApp

    settings.SOCIALACCOUNT_PROVIDERS = {}
    SocialApp.objects.create(provider="google", client_id="evil", secret="evil")
    assert client.post("/accounts/google/login/").status_code == 404


# --- Google: OpenID Connect -------------------------------------------------------------------------------------------


def test_asvs_6_8_4_who_is_known_signs_in_and_a_new_device_is_still_proven(client, site, lin):
    connected(lin)
    assert google(client, site, next="/me/").url == "/accounts/device/" and who(client) is None
    client.post("/accounts/device/", {"code": code_to(PHONE)})
    assert who(client) == str(lin.pk) and Device.objects.get(user=lin).verified_by == "sms"
    assert LoginEvent.objects.filter(outcome="in", method="google+sms").exists()


def test_asvs_6_8_4_the_second_factor_is_asked_for_too(client, site, lin):
    from tests.accounts.test_factors import with_app

    with_app(lin)
    connected(lin)
    assert google(client, site).url == "/accounts/2fa/authenticate/" and who(client) is None


def test_asvs_10_2_1_state_and_pkce_are_sent_and_the_verifier_is_checked(client, site, lin):
    connected(lin)
    asked = off(client)
    assert len(asked["state"]) >= 16 and asked["code_challenge_method"] == "S256"
    assert asked["client_id"] == CLIENT and asked["redirect_uri"].endswith("/accounts/google/login/callback/")
    site.nonce, site.challenge = asked["nonce"], "another challenge"
    assert refused(client, back(client, "google", asked))


def test_asvs_10_1_2_a_code_counts_for_the_flow_this_session_began(client, site, lin):
    connected(lin)
    asked = off(client)
    site.nonce, site.challenge = asked["nonce"], asked["code_challenge"]
    other = Client()
    assert refused(other, back(other, "google", asked)), "the state of another browser"
    assert refused(client, back(client, "google", {"state": "made-up"}))
    assert back(client, "google", asked).url == "/accounts/device/"
    fresh = Client()
    assert refused(fresh, back(fresh, "google", asked)), "used"


def test_asvs_10_2_2_one_provider_cannot_answer_for_another(client, site, lin):
    connected(lin)
    connected(lin, provider="weixin", uid="o6_bmasdasdsad6_2sgVt7hMZOPfL")
    site.answers = answers_of_weixin()
    asked = off(client, "google")
    assert refused(client, back(client, "weixin", asked)), "begun at Google, answered at Weixin's address"
    asked = off(client, "google")
    site.nonce, site.challenge = asked["nonce"], asked["code_challenge"]
    assert refused(client, back(client, "google", asked, iss="https://evil.example"))


@pytest.mark.parametrize("claims", [
    {"nonce": "of another login"}, {"nonce": None}, {"nonce": ""}, {"aud": "another-client"}, {"aud": None},
    {"azp": "another-client"}, {"iss": "https://evil.example"}, {"iss": None}, {"exp": 1}, {"exp": None}, {"iat": None},
    {"sub": None},
], ids=str)  # fmt: skip
def test_asvs_10_5_1_and_10_5_4_nonce_audience_issuer_and_age_are_checked(client, site, lin, claims):
    connected(lin)
    site.claims = claims
    assert refused(client, google(client, site))


def test_asvs_6_8_2_a_wrong_signature_is_refused(client, site, lin):
    connected(lin)
    site.key = STRANGE_KEY
    assert refused(client, google(client, site))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS512"])
def test_asvs_6_8_2_the_algorithm_is_ours_to_choose(client, site, lin, algorithm):
    connected(lin)
    site.algorithm = algorithm
    assert refused(client, google(client, site))


def test_asvs_10_5_2_the_id_is_sub_and_never_the_email(client, site, lin):
    """The other site says that this is the verified e-mail of a member: that alone opens and links nothing."""
    answer = google(client, site)
    assert answer.url == "/accounts/signup/" and who(client) is None
    assert not SocialAccount.objects.exists() and User.objects.count() == 1


def test_asvs_6_8_1_the_same_id_at_another_provider_is_another_person(client, site, lin):
    connected(lin, provider="qq", uid="108")
    assert google(client, site).url == "/accounts/signup/" and who(client) is None


def test_asvs_10_1_1_no_token_is_kept_anywhere(client, site, lin):
    google(client, site)
    kept = str([session.get_decoded() for session in Session.objects.all()])
    assert "108" in kept and "'token'" not in kept and "eyJ" not in kept
    connected(lin)
    google(client, site)
    assert not SocialToken.objects.exists() and "eyJ" not in str(list(SocialAccount.objects.values()))


def test_what_a_page_address_asks_for_is_not_passed_on(client, site):
    answer = client.post(
        "/accounts/google/login/?scope=https://mail.google.com/&auth_params=prompt%3Dnone&process=connect"
    )
    asked = parse_qs(urlsplit(answer.url).query)
    assert "mail.google" not in answer.url and asked["prompt"] == ["select_account"]


def test_after_signing_in_nobody_is_sent_elsewhere(client, site, lin):
    connected(lin)
    google(client, site, next="https://evil.example/")
    assert through(client, client.get("/accounts/device/")) and who(client) is None
    assert client.post("/accounts/device/", {"code": code_to(PHONE)}).url == "/"


def test_cancelling_there_and_being_refused_there_say_so(client, site):
    for error in ("access_denied", "server_error"):
        asked = off(client)
        answer = client.get(f"/accounts/google/login/callback/?error={error}&state={asked['state']}")
        assert answer.url == "/accounts/login/"


@pytest.mark.parametrize("said", ["no json", "[]", "{}", "null", '{"access_token": 1}'])
@pytest.mark.parametrize("provider", ["weixin", "qq", "google"])
def test_garbage_from_there_is_a_refusal_and_no_fault_of_ours(client, site, provider, said):
    paths = {"google": "/token", "weixin": "/sns/oauth2/access_token", "qq": "/oauth2.0/token"}
    site.answers = {paths[provider]: said}
    assert refused(client, back(client, provider, off(client, provider)))


def test_a_site_that_does_not_answer_is_a_refusal(client, settings):
    with elsewhere() as gone:
        settings.SOCIALACCOUNT_PROVIDERS = gone.settings()
    for provider in ("weixin", "qq", "google"):
        assert refused(client, back(client, provider, off(client, provider)))


# --- Weixin and QQ ----------------------------------------------------------------------------------------------------


def test_weixin_knows_a_person_by_unionid_before_openid(client, site, lin):
    site.answers = answers_of_weixin()
    connected(lin, provider="weixin", uid="o6_bmasdasdsad6_2sgVt7hMZOPfL")
    asked = off(client, "weixin")
    assert asked["appid"] == CLIENT and asked["scope"] == "snsapi_login" and asked["state"]
    assert back(client, "weixin", asked).url == "/accounts/device/"
    assert dict(site.asked)["/sns/oauth2/access_token"]["grant_type"] == "authorization_code"


def test_weixin_without_a_unionid_goes_by_openid(client, site, lin):
    site.answers = answers_of_weixin()
    for answer in site.answers.values():
        del answer["unionid"]
    connected(lin, provider="weixin", uid="OPENID")
    assert back(client, "weixin", off(client, "weixin")).url == "/accounts/device/"


@pytest.mark.parametrize("path", ["/sns/oauth2/access_token", "/sns/userinfo"])
def test_weixin_refuses_with_status_200(client, site, lin, path):
    site.answers = {**answers_of_weixin(), path: {"errcode": 40029, "errmsg": "invalid code"}}
    connected(lin, provider="weixin", uid="o6_bmasdasdsad6_2sgVt7hMZOPfL")
    assert refused(client, back(client, "weixin", off(client, "weixin")))


def test_qq_answers_json_and_says_whose_the_token_is(client, site, lin):
    site.answers = answers_of_qq()
    connected(lin, provider="qq", uid="UID_1")
    assert back(client, "qq", off(client, "qq")).url == "/accounts/device/"
    assert dict(site.asked)["/oauth2.0/token"]["fmt"] == "json"
    site.answers["/oauth2.0/me"] = {**site.answers["/oauth2.0/me"], "client_id": "another-site"}
    other = Client()
    assert refused(other, back(other, "qq", off(other, "qq"))), "a token that was made for another site"


@pytest.mark.parametrize(("path", "said"), [
    ("/oauth2.0/token", {"error": 100019, "error_description": "code to access token error"}),
    ("/oauth2.0/me", {"error": 100016, "error_description": "access token check failed"}),
    ("/user/get_user_info", {"ret": -23, "msg": "token is invalid"}),
])  # fmt: skip
def test_qq_refuses_with_status_200(client, site, lin, path, said):
    site.answers = {**answers_of_qq(), path: said}
    connected(lin, provider="qq", uid="UID_1")
    assert refused(client, back(client, "qq", off(client, "qq")))


# --- connecting and letting go ----------------------------------------------------------------------------------------


def test_a_newcomer_signs_up_by_phone_and_then_connects_what_he_came_with(client, site):
    site.answers = answers_of_weixin()
    assert back(client, "weixin", off(client, "weixin")).url == "/accounts/signup/"
    client.post("/accounts/signup/", {"phone": PHONE})
    answer = client.post("/accounts/phone/verify/", {"code": code_to(PHONE)})
    assert answer.url == SAFETY
    page = client.get(SAFETY)
    assert page.context["pending"]["name"] == "林巧云" and not SocialAccount.objects.exists()
    user = User.objects.get(phone=PHONE)
    assert client.post(SAFETY + "accounts/add/").status_code == 403, "who is here is asked first"
    prove(client, user, Act("factor", target="connect:weixin"))
    client.post(SAFETY + "accounts/add/")
    account = SocialAccount.objects.get(user=user)
    assert account.provider == "weixin" and account.extra_data == {"name": "林巧云"}
    settle()
    assert user.notices.filter(kind="account.factor").exists()


def test_what_somebody_came_with_is_forgotten_after_a_quarter_of_an_hour(client, site, lin):
    google(client, site)
    session = client.session
    session["third_party"] = {**session["third_party"], "at": clock.now().timestamp() - 1000}
    session.save()
    client.force_login(lin)
    assert client.get(SAFETY).context["pending"] is None
    prove(client, lin, Act("factor", target="connect:google"))
    client.post(SAFETY + "accounts/add/")
    assert not SocialAccount.objects.exists()


def test_a_member_connects_after_saying_who_he_is_and_disconnects(client, site, lin):
    client.force_login(lin)
    path = SAFETY + "accounts/google/connect/"
    assert client.post(path).status_code == 403
    prove(client, lin, Act("factor", target="connect:google"))
    asked = off(client, path=path)
    site.nonce, site.challenge = asked["nonce"], asked["code_challenge"]
    assert back(client, "google", asked).url == SAFETY
    account = SocialAccount.objects.get(user=lin)
    leave = SAFETY + f"accounts/{account.pk}/disconnect/"
    assert client.post(leave).status_code in (403, 429) and SocialAccount.objects.exists(), "the proof is spent"
    prove(client, lin, Act("factor", target=f"disconnect:{account.pk}"))
    assert client.post(leave).url == SAFETY and not SocialAccount.objects.exists()


def test_what_is_connected_to_somebody_else_stays_his(client, site, lin):
    other = UserFactory()
    connected(other)
    client.force_login(lin)
    prove(client, lin, Act("factor", target="connect:google"))
    asked = off(client, path=SAFETY + "accounts/google/connect/")
    site.nonce, site.challenge = asked["nonce"], asked["code_challenge"]
    back(client, "google", asked)
    assert SocialAccount.objects.get().user == other and who(client) == str(lin.pk)


def test_nobody_lets_go_of_anothers_account(client, site, lin):
    account = connected(UserFactory())
    client.force_login(lin)
    prove(client, lin, Act("factor", target=f"disconnect:{account.pk}"))
    assert client.post(SAFETY + f"accounts/{account.pk}/disconnect/").status_code == 404
    assert SocialAccount.objects.exists()


def test_the_last_way_in_cannot_be_removed(lin):
    lin.phone_verified = False
    lin.save()
    lin.emailaddress_set.update(verified=False)
    account, actor, now = connected(lin), Actor(user_id=lin.pk), clock.now()
    with pytest.raises(third_party.LastWayIn):
        third_party.disconnect(user_id=lin.pk, account_id=account.pk, actor=actor, now=now)
    connected(lin, provider="qq", uid="1")
    third_party.disconnect(user_id=lin.pk, account_id=account.pk, actor=actor, now=now)


def test_a_limited_account_connects_nothing(client, site, lin):
    User.objects.filter(pk=lin.pk).update(standing=Standing.LIMITED)
    client.force_login(lin)
    prove(client, lin, Act("factor", target="connect:google"))
    assert client.post(SAFETY + "accounts/google/connect/").status_code == 403


def test_a_frozen_or_closed_account_is_not_opened_from_elsewhere(client, site, lin):
    connected(lin)
    User.objects.filter(pk=lin.pk).update(is_active=False)
    assert google(client, site).url == "/accounts/inactive/" and who(client) is None


def test_the_password_still_signs_in_who_has_connected_something(client, site, lin):
    connected(lin)
    through(client, client.post("/accounts/login/", {"login": PHONE, "password": PASSWORD}))
    assert who(client) == str(lin.pk)
