"""How long ago somebody has proven who he is, for tests of what asks for it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from accounts.models import Challenge
from accounts.services.challenges import context_hash, session_hash
from accounts.services.step_up import Act
from core import clock

# What a look is enough for within minutes of a proof; each test session begins with one. Acts on money never do.
PURPOSES = ("review", "sealed_view", "staff_account", "team")
AHEAD = timedelta(days=1000)  # tests move the clock


def note_proof(sender: Any, request: Any, user: Any, **_: Any) -> None:
    """What is there when somebody has just confirmed who he is."""
    if request is None or not hasattr(request, "session"):
        return
    if request.session.session_key is None:  # somebody else sat here before
        request.session.create()
    now = clock.now()
    Challenge.objects.bulk_create(
        Challenge(
            user=user, purpose=purpose, channel="totp", session_hash=session_hash(request.session.session_key),
            context_hash=context_hash(Act(purpose).context), created_at=now, expires_at=now, passed_at=now + AHEAD,
        )
        for purpose in PURPOSES
    )  # fmt: skip


def let_time_pass(client: Client) -> None:
    """The proof was given too long ago for what is sensitive."""
    rows = Challenge.objects.filter(session_hash=session_hash(client.session.session_key))
    rows.update(passed_at=clock.now() - timedelta(hours=1))
