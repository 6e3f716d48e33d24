"""Asking again who is there, over the API: a question, its answer, and the proof that goes along with the act."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.sessions import device_here, session_key_of
from accounts.doors import seen_by
from accounts.models import Challenge, User
from accounts.purposes import VALID_FOR
from accounts.queries.questions import question_of
from accounts.services import challenges, handed_proofs, step_up
from accounts.services.step_up import Act, NoWay, StepUpNeeded, Way
from core import clock
from core.api import Door, read
from core.api_fields import At, Choice, MoneyInput, Strict, Text
from core.errors import Invalid

HEADER = "Step-Up-Proof"
# What the API can do that asks; `tests/api/test_step_up.py` compares it with the doors.
PURPOSES_HERE = ("payout", "staff_money")
WAYS = ("totp", "sms_password", "email_password", "sms", "email")  # no passkeys: they belong to a web page
LONGEST_PASSWORD = 256
HOW = _(
    "Please confirm that it is you: send purpose, amount and target as they stand here to POST /api/v1/step-up/, then"
    " this request again with the proof in the header Step-Up-Proof."
)


def ensure(request: Request, act: Act) -> UUID:
    """
    Spend the proof that came along; call it in the transaction of the act.

    :raises StepUpNeeded: if there is none for this very act; its fields say what to confirm
    """
    session_key = None if request.auth is not None else session_key_of(request)
    try:
        return handed_proofs.ensure_handed(
            user_id=_member(request).pk, session_key=session_key, handed=request.headers.get(HEADER, "")[:200], act=act,
            now=clock.now(),
        )  # fmt: skip
    except StepUpNeeded as needed:
        raise StepUpNeeded(act, HOW) from needed


class ActInput(Strict):
    """
    What is to be confirmed, as the refusal `step_up_needed` names it. Leave out what it does not name.

    `way`: one of `ways`; left out, the surest. With a way that needs no message, `code` or `password` may be sent at
    once; the answer then has the proof.
    """

    purpose = Choice(PURPOSES_HERE)
    amount = MoneyInput(required=False, allow_null=True, default=None)
    target = Text(required=False, default="", allow_blank=True, max_length=200)
    way = Choice(WAYS, required=False)
    code = Text(required=False, default="", allow_blank=True, max_length=64)
    password = Text(required=False, default="", allow_blank=True, max_length=LONGEST_PASSWORD, trim_whitespace=False)


class AnswerInput(Strict):
    code = Text(required=False, default="", allow_blank=True, max_length=64)
    password = Text(required=False, default="", allow_blank=True, max_length=LONGEST_PASSWORD, trim_whitespace=False)


class QuestionShape(serializers.Serializer[Any]):
    """
    Answer at `step-up/{id}/` what `wants` names: `code`, `password`. `sent_to`: where a code went, masked.

    `proof`: null until it is answered. Send it once, as the header Step-Up-Proof of the act, before `expires_at`.
    """

    id = serializers.UUIDField()
    way = serializers.CharField()
    ways = serializers.ListField(child=serializers.CharField())
    wants = serializers.ListField(child=serializers.CharField())
    sent_to = serializers.CharField(allow_blank=True)
    proof = serializers.CharField(allow_null=True)
    expires_at = At()


class StepUpDoor(Door):
    limit = "sign_in"
    refusals: ClassVar[frozenset[str]] = frozenset({"410"})  # a question that is over


class StepUp(StepUpDoor):
    """Asking who is there."""

    @extend_schema(operation_id="stepUp", tags=["step-up"], request=ActInput, responses={201: QuestionShape})
    def post(self, request: Request) -> Response:
        """
        Ask for a proof of one act: its purpose, amount and target. A store's token cannot: a person has to.

        Codes are sent once a minute and ten times a day at most.
        """
        said, user, now = read(ActInput, request), _member(request), clock.now()
        found = _ways(request, user, said["purpose"], now)
        row = step_up.begin(
            user=user, act=_act(said), way=_chosen(found, said.get("way")), session_key=session_key_of(request),
            device_id=device_here(request), ip=seen_by(request._request).ip, now=now,
        )  # fmt: skip
        if (said["code"] or said["password"]) and not row.target_masked:
            row = _confirmed(request, user, row.pk, said)
        return Response(_shape(row, found), status=status.HTTP_201_CREATED)


class StepUpAnswer(StepUpDoor):
    """One question."""

    @extend_schema(operation_id="answerStepUp", tags=["step-up"], request=AnswerInput, responses={200: QuestionShape})
    def post(self, request: Request, pk: UUID) -> Response:
        """Answer it. Five wrong answers end it; the proof is for one act and ten minutes."""
        said, user = read(AnswerInput, request), _member(request)
        here = challenges.session_hash(session_key_of(request))
        asked = question_of(pk=pk, user_id=user.pk, session_hash=here, purposes=PURPOSES_HERE)
        row = _confirmed(request, user, asked.pk, said)
        return Response(_shape(row, _ways(request, user, row.purpose, clock.now())))


def _act(said: dict[str, Any]) -> Act:
    amount = said["amount"]
    if amount is None:
        return Act(said["purpose"], target=said["target"])
    return Act(said["purpose"], amount.minor, amount.currency, said["target"])


def _ways(request: Request, user: User, purpose: str, now: datetime) -> list[Way]:
    found = step_up.ways(user, purpose, device_id=device_here(request), now=now)
    here = [way for way in found if way.name in WAYS]
    if not here:
        raise NoWay
    return here


def _chosen(found: list[Way], name: str | None) -> Way:
    for way in found:
        if name in (None, way.name):
            return way
    raise Invalid(fields={"way": _("This way is not open to you.")})


def _confirmed(request: Request, user: User, pk: UUID, said: dict[str, Any]) -> Challenge:
    return step_up.confirm(
        user=user, challenge_id=pk, session_key=session_key_of(request), code=said["code"], password=said["password"],
        now=clock.now(),
    )  # fmt: skip


def _shape(row: Challenge, found: list[Way]) -> dict[str, Any]:
    way = next(way for way in found if way.name == row.channel)
    wants = ["code"] * bool(way.channel) + ["password"] * way.with_password
    shape = {
        "id": row.pk, "way": way.name, "ways": [one.name for one in found], "wants": wants,
        "sent_to": row.target_masked, "proof": None, "expires_at": row.expires_at,
    }  # fmt: skip
    if row.passed_at is not None:
        shape |= {"proof": handed_proofs.hand_over(row), "expires_at": row.passed_at + VALID_FOR}
    return dict(QuestionShape(shape).data)


def _member(request: Request) -> User:
    """The person a request is of; of a store's system, who made its token."""
    assert isinstance(request.user, User)
    return request.user
