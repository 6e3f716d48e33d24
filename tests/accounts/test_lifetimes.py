"""Sessions end by themselves: without a sign of life, and after a time however busy they are."""

from __future__ import annotations

import time

import pytest

from accounts import lifetimes
from accounts.models import MemberSession
from tests.accounts.letters import code_to
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import StoreFactory

pytestmark = pytest.mark.django_db
HOUR, DAY = 3_600, 86_400


@pytest.fixture
def later(monkeypatch):
    """Let the real clock run ahead."""
    start = time.time()
    offset = [0.0]
    monkeypatch.setattr(lifetimes.time, "time", lambda: start + offset[0])

    def go(seconds):
        offset[0] += seconds

    return go


def sign_in(client, user):
    client.post("/accounts/login/code/", {"login": user.phone, "remember": "on"})
    client.post("/accounts/login/code/confirm/", {"code": code_to(user.phone)})
    assert client.get("/me/").status_code == 200


@pytest.mark.parametrize(
    ("factory", "idle", "whole"), [(UserFactory, 14 * DAY, 30 * DAY), (MediatorFactory, HOUR / 2, 12 * HOUR)]
)
def test_asvs_7_3_1_and_7_3_2_a_session_ends_without_a_sign_of_life_and_after_its_whole_time(
    client, later, factory, idle, whole
):
    user = factory()
    sign_in(client, user)
    later(idle - 400)
    assert client.get("/me/").status_code == 200, "just in time, and seen again"
    later(idle + 60)
    assert client.get("/me/").status_code == 302
    assert MemberSession.objects.get().end_reason == "idle"
    sign_in(client, user)
    steps = int(whole // (idle - 400))
    for _step in range(steps):
        later(idle - 400)
        assert client.get("/me/").status_code == 200
    later(whole - steps * (idle - 400) + 60)
    assert client.get("/me/").status_code == 302
    assert MemberSession.objects.latest("started_at").end_reason == "age"


def test_asvs_7_3_1_a_merchants_session_is_over_after_half_a_day_without_a_sign_of_life(client, later):
    """Seen red before the office's doors marked the session: the twelve hours stood in the code and nobody asked."""
    owner = StoreFactory().owner
    sign_in(client, owner)
    later(13 * HOUR)
    assert client.get("/merchant/").status_code == 200, "as a buyer he may come back after days"
    later(12 * HOUR - 400)
    assert client.get("/me/").status_code == 200
    later(12 * HOUR + 60)
    assert client.get("/me/").status_code == 302 and client.get("/merchant/").status_code == 302
    assert MemberSession.objects.get().end_reason == "idle"
    sign_in(client, owner)
    later(13 * HOUR)
    assert client.get("/me/").status_code == 200, "a new sign-in begins as a member's"


def test_who_is_signed_out_is_told_why(client, later):
    sign_in(client, UserFactory(language="en"))
    later(15 * DAY)
    page = client.get("/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "signed out because" in page


def test_a_sign_of_life_is_written_now_and_then_only(client, later, django_assert_num_queries):
    sign_in(client, UserFactory())
    before = MemberSession.objects.get().last_seen_at
    client.get("/me/")
    assert MemberSession.objects.get().last_seen_at == before
    later(301)
    client.get("/me/")
    assert MemberSession.objects.get().last_seen_at > before


def test_a_session_of_an_app_ends_too(client, later):
    user = UserFactory()
    token = client.post("/api/v1/auth/code/request/", {"phone": user.phone}, content_type="application/json").json()
    data = client.post(
        "/api/v1/auth/code/confirm/", {"code": code_to(user.phone)}, content_type="application/json",
        HTTP_X_SESSION_TOKEN=token["meta"]["session_token"],
    ).json()  # fmt: skip
    key = data["meta"]["session_token"]
    assert client.get("/api/v1/me/", HTTP_X_SESSION_TOKEN=key).status_code == 200
    later(15 * DAY)
    assert client.get("/api/v1/me/", HTTP_X_SESSION_TOKEN=key).status_code == 401
