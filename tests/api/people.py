"""Who calls the API, and how."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from rest_framework.test import APIClient

from accounts.api.authentication import digest_of
from accounts.models import ApiToken, User
from core import clock
from shop.models import Store

V1 = "/api/v1"


def client_of(user: User | None = None) -> APIClient:
    """A browser or an app with a session; without a person, nobody in particular."""
    client = APIClient(raise_request_exception=True)
    if user is not None:
        client.force_login(user)
    return client


def token_for(store: Store, *, user: User | None = None, **fields: Any) -> str:
    secret = secrets.token_urlsafe(24)
    ApiToken.objects.create(
        user=user or store.owner, store_id=store.pk, name="ERP", digest=digest_of(secret),
        created_at=clock.now(), **fields,
    )  # fmt: skip
    return secret


def system_of(store: Store, **fields: Any) -> APIClient:
    """A store's own system, with a token."""
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {token_for(store, **fields)}")
    return client


@dataclass(frozen=True)
class Answer:
    """What came back, checked for what every answer must be."""

    status: int
    data: Any
    headers: Any


def ask(client: APIClient, method: str, path: str, body: Any = None, **headers: str) -> Answer:
    """One JSON request. Every refusal has the one shape, and nothing is ever a crash."""
    extra = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    response = getattr(client, method)(f"{V1}{path}", body, format="json", **extra)
    assert response.status_code < 500, response.content
    data = response.json() if response.content else None
    if response.status_code >= 400:
        assert set(data) == {"code", "message", "fields"}, data
        assert data["code"] and data["message"]
        assert all(isinstance(text, str) for text in data["fields"].values())
    return Answer(response.status_code, data, response.headers)


def cny(minor: int) -> dict[str, Any]:
    return {"minor": minor, "currency": "CNY"}
