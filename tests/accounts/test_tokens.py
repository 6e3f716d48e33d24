"""``Authorization: Token …``."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.test import APIRequestFactory

from accounts.api.authentication import TokenAuthentication, digest_of
from accounts.models import ApiToken
from core import clock
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
SECRET = "tashi_live_Zm9vYmFy"


def token(**more):
    fields = {"user": UserFactory(), "store_id": uuid.uuid4(), "name": "ERP", "created_at": clock.now()}
    return ApiToken.objects.create(digest=digest_of(SECRET), **{**fields, **more})


def authenticate(header):
    request = APIRequestFactory().get("/", headers={"authorization": header} if header else {})
    return TokenAuthentication().authenticate(request)


def test_a_good_token_is_its_owner_at_one_store():
    row = token()
    user, auth = authenticate(f"Token {SECRET}")
    assert user == row.user and auth.store_id == row.store_id
    row.refresh_from_db()
    assert row.last_used_at is not None
    assert SECRET not in row.digest


@pytest.mark.parametrize("header", ["", "Basic abc", "Session x"])
def test_what_is_no_token_is_left_to_others(header):
    assert authenticate(header) is None


@pytest.mark.parametrize("header", ["Token", "Token ", "Token wrong", f"Token {SECRET}x", "Token " + "x" * 5000])
def test_a_wrong_token_is_refused(header):
    token()
    with pytest.raises(AuthenticationFailed):
        authenticate(header)


@pytest.mark.parametrize("end", ["expires_at", "revoked_at"])
def test_an_ended_token_is_refused(end):
    token(**{end: clock.now() - timedelta(seconds=1)})
    with pytest.raises(AuthenticationFailed):
        authenticate(f"Token {SECRET}")


def test_a_closed_account_has_no_tokens():
    token(user=UserFactory(is_active=False))
    with pytest.raises(AuthenticationFailed):
        authenticate(f"Token {SECRET}")


def test_a_token_that_ends_later_is_good_today():
    token(expires_at=clock.now() + timedelta(days=1))
    assert authenticate(f"token {SECRET}") is not None
