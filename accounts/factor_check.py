"""The second factor at sign-in: asked once the password or code is right, counted in the database."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from allauth.account.stages import LoginStage
from allauth.mfa.base.internal.flows import post_authentication
from allauth.mfa.models import Authenticator

from accounts import passkeys
from accounts.doors import recognition_of, seen_by
from accounts.models import User
from accounts.queries.factors import factors_of
from accounts.services import challenges, factors, stays
from core import clock

PURPOSE = "second_factor"


def ask(stage: LoginStage) -> None:
    """Open the question; its attempts are of this login alone, those of the day of this person and device."""
    known = recognition_of(stage.request, stage.login.user.pk)
    row = challenges.open_challenge(
        purpose=PURPOSE, channel="totp", user_id=stage.login.user.pk, ip=seen_by(stage.request).ip,
        device_id=known.device.pk if known.device is not None else None, now=clock.now(),
    )  # fmt: skip
    stage.state["factor"] = str(row.pk)


def answer(stage: LoginStage, code: str) -> None:
    """
    Judge a code of the app or a recovery code; afterwards the stage may be left.

    :raises WrongCode: if it is neither, or was used before
    :raises ChallengeOver: if none is open, or all its attempts are used
    :raises TooMany: if too many wrong codes were tried for this person from this device today
    """
    user: User = stage.login.user
    now = clock.now()
    row = challenges.take_attempt(challenge_id=_asked(stage), now=now)
    kind = factors.judge(user_id=user.pk, code=code, now=now)
    if not kind:
        stays.note_try(user_id=user.pk, outcome="wrong", method="totp", seen=seen_by(stage.request), now=now)
        challenges.count_wrong(row)
        raise factors.WrongFactor
    challenges.mark_passed(challenge_id=row.pk, now=now)
    if kind == "totp":
        found = Authenticator.objects.get(user_id=user.pk, type=Authenticator.Type.TOTP)
        post_authentication(stage.request, found)
    else:
        record_authentication(stage.request, user, method="mfa", type=Authenticator.Type.RECOVERY_CODES.value)


def question_of(stage: LoginStage) -> dict[str, Any] | None:
    """What a passkey is asked, for those who have one."""
    if not passkeys.are_possible() or "passkey" not in factors_of(stage.login.user):
        return None
    return passkeys.ask(stage.request, f"{PURPOSE}:{_asked(stage)}", stage.login.user)


def answer_passkey(stage: LoginStage, credential: str) -> None:
    """
    Judge what a passkey says; afterwards the stage may be left.

    :raises WrongCode: if it is not an answer to this question by a passkey of theirs
    :raises ChallengeOver: if none is open, or all its attempts are used
    """
    now, asked = clock.now(), _asked(stage)
    row = challenges.take_attempt(challenge_id=asked, now=now)
    found = passkeys.judge(stage.request, f"{PURPOSE}:{asked}", credential, stage.login.user)
    challenges.mark_passed(challenge_id=row.pk, now=now)
    post_authentication(stage.request, found)


def _asked(stage: LoginStage) -> UUID | None:
    found: Any = stage.state.get("factor")
    return UUID(found) if found else None
