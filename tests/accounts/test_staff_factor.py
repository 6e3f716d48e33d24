"""Staff without a second factor reach its set-up page alone (ASVS 6.3.3, 8.4.2); the page of what guards one."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import override_settings

from accounts.models import User
from accounts.services.people import create_person
from accounts.states import Standing
from tests.accounts.test_factors import with_app
from tests.factories.accounts import PASSWORD, MediatorFactory, UserFactory

pytestmark = pytest.mark.django_db
APP, SAFETY = "/me/security/app/", "/me/security/"


@pytest.fixture
def needed(settings):
    settings.STAFF_NEEDS_FACTOR = True


@pytest.fixture(params=["mediator", "superuser"])
def staff(request):
    if request.param == "mediator":
        return MediatorFactory()
    return create_person(email="root@example.com", password=PASSWORD, is_superuser=True)


def test_asvs_6_3_3_staff_without_a_factor_reach_the_page_to_set_it_up_and_no_other(client, staff, needed):
    client.force_login(staff)
    for path in ("/", "/console/", "/admin/", "/admin/accounts/user/", "/me/", "/cart/", "/orders/"):
        answer = client.get(path)
        assert answer.status_code == 302 and answer.url == APP, path
    assert client.post("/language/", {"language": "en"}).status_code == 302
    assert client.get(SAFETY).status_code == 200
    assert client.get(APP).url.startswith("/me/confirm/factor/")
    assert client.get("/me/confirm/factor/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302


def test_asvs_8_4_2_with_a_factor_the_doors_open(client, staff, needed):
    with_app(staff)
    client.force_login(staff)
    assert client.get("/me/").status_code == 200
    assert client.get("/console/" if staff.is_mediator else "/admin/").status_code == 200


def test_members_need_none(client, needed):
    client.force_login(UserFactory())
    assert client.get("/me/").status_code == 200


def test_the_api_says_so_in_json_to_a_page_and_to_an_app(client, needed):
    mediator = MediatorFactory()
    client.force_login(mediator)
    answer = client.get("/api/v1/me/", HTTP_ACCEPT="application/json")
    assert answer.status_code == 403 and answer.json()["code"] == "factor_needed"
    client.logout()
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    session = client.session
    session.update({
        SESSION_KEY: str(mediator.pk), BACKEND_SESSION_KEY: "accounts.backend.Backend",
        HASH_SESSION_KEY: mediator.get_session_auth_hash(),
    })  # fmt: skip
    session.save()
    token = session.session_key
    client.cookies.clear()
    answer = client.get("/api/v1/me/", HTTP_X_SESSION_TOKEN=token)
    assert answer.status_code == 403, answer.content
    with_app(mediator)
    assert client.get("/api/v1/me/", HTTP_X_SESSION_TOKEN=token).status_code == 200


def test_a_sandbox_only_says_so(client):
    client.force_login(MediatorFactory(language="en"))
    assert client.get("/console/").status_code == 200
    page = client.get(SAFETY, HTTP_ACCEPT_LANGUAGE="en")
    assert page.context["is_staff_without"] and not page.context["must"]


def test_the_deploy_check_refuses_to_do_without():
    with override_settings(STAFF_NEEDS_FACTOR=False), pytest.raises(SystemCheckError, match=r"accounts\.E004"):
        call_command("check", deploy=True, fail_level="ERROR")
    with override_settings(STEP_UP_CODES=""), pytest.raises(SystemCheckError, match=r"accounts\.E005"):
        call_command("check", deploy=True, fail_level="ERROR")


@pytest.mark.parametrize("standing", [Standing.NORMAL, Standing.LIMITED])  # a frozen one is led elsewhere
def test_the_page_of_safety_shows_what_guards_an_account_and_how_it_stands(client, standing):
    user = UserFactory(standing=standing, language="en")
    with_app(user) if standing == Standing.NORMAL else None
    client.force_login(user)
    page = client.get(SAFETY, HTTP_ACCEPT_LANGUAGE="en")
    text = page.content.decode()
    for words in ("Password", "Phone", "E-mail", "Authenticator app", "Devices", "Device lock", "Money out"):
        assert words in text
    assert ("limited for its own safety" in text) == (standing == Standing.LIMITED)
    assert ("10 left" in text) == (standing == Standing.NORMAL)


def test_the_way_to_safety_is_on_ones_own_page(client):
    client.force_login(UserFactory())
    assert f'href="{SAFETY}"' in client.get("/me/").content.decode()
    assert User.objects.count() == 1
