"""Being confirmed, for tests of what comes after."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.userkit import user_id_to_str

from accounts.models import User
from accounts.services import challenges
from accounts.services.step_up import Act
from core import clock
from tests.accounts.letters import code_to
from tests.factories.accounts import PASSWORD


def prove(client: Any, user: User, act: Act) -> None:
    """As if this member had confirmed this act in this session a moment ago."""
    now = clock.now()
    row = challenges.open_challenge(
        purpose=act.purpose, channel="totp", user_id=user.pk, session_key=client.session.session_key,
        context=act.context, now=now,
    )  # fmt: skip
    challenges.mark_passed(challenge_id=row.pk, now=now)
    session = client.session
    session["account_authentication_methods"] = [{"method": "step_up", "at": time.time(), "reauthenticated": True}]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()


def prove_me(client: Any, act: Act) -> None:
    """As :func:`prove`, for whoever this client is signed in as."""
    prove(client, User.objects.get(pk=client.session["_auth_user_id"]), act)


def confirm_page(client: Any, answer: Any, *, to: str, password: str = PASSWORD) -> Any:
    """Fill in the page that asks who is there, and send what goes along with it."""
    page = answer.context
    sent: dict[str, Any] = {}
    for name, value in page["kept"]:
        sent.setdefault(name, []).append(value)
    sent["step_up"] = str(page["challenge"].pk)
    if page["way"].with_password:
        sent["step_up_password"] = password
    if page["way"].channel:
        sent["step_up_code"] = code_to(to)
    return client.post(page["action"], sent)
