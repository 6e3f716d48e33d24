"""The stock admin is for superusers, and its own sign-in page is not used: it would have no limits."""

from __future__ import annotations

import pytest

from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def test_sign_in_is_ours(client):
    assert "/accounts/login/" in client.get("/admin/", follow=True).redirect_chain[-1][0]


def test_superusers_only(client):
    client.force_login(UserFactory(is_staff=True))
    assert client.get("/admin/accounts/user/", follow=True).status_code == 404
    client.force_login(UserFactory(is_superuser=True, is_staff=True))
    other = UserFactory()
    assert client.get("/admin/accounts/user/").status_code == 200
    assert client.get(f"/admin/accounts/user/{other.pk}/change/").status_code == 200
    assert client.get("/admin/accounts/user/add/").status_code == 403
    assert client.post(f"/admin/accounts/user/{other.pk}/delete/", {"post": "yes"}).status_code == 403
