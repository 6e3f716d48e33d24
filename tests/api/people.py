"""Who calls the API, and how."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from rest_framework.test import APIClient

from accounts.api.authentication import digest_of
from accounts.models import ApiToken, User
from accounts.services import challenges, handed_proofs
from accounts.services.step_up import Act
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


def proven(user: User, act: Act, *, session_key: str = "another-session") -> str:
    """A proof as somebody would have it who has just confirmed an act; what a store's system is handed."""
    now = clock.now()
    row = challenges.open_challenge(
        purpose=act.purpose, channel="totp", user_id=user.pk, session_key=session_key, context=act.context, now=now
    )
    return handed_proofs.hand_over(challenges.mark_passed(challenge_id=row.pk, now=now))


def proven_by(client: APIClient, act: Act) -> str:
    """The same for a person in a session of his own."""
    user = User.objects.get(pk=client.session["_auth_user_id"])
    return proven(user, act, session_key=client.session.session_key)


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
