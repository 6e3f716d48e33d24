"""
The page that asks again who is there, wherever an act wants it.

A view that raises ``StepUpNeeded`` is answered with a form that posts to the same address: what was typed goes along in
hidden fields and is parked nowhere, least of all in the session. The second POST is judged here before the view runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from accounts import passkeys
from accounts.doors import device_of, seen_by
from accounts.models import Challenge, User
from accounts.purposes import PURPOSES
from accounts.services import challenges, standing, step_up
from accounts.services.step_up import Act, NoWay, StepUpNeeded, Way
from core import clock
from core.errors import DomainError, TooMany
from core.gate import is_for_machines
from core.http import Next, answer_refusal

ID, CODE, PASSWORD, WAY = "step_up", "step_up_code", "step_up_password", "step_up_way"
CREDENTIAL = "step_up_credential"
OURS = {ID, CODE, PASSWORD, WAY, CREDENTIAL, "csrfmiddlewaretoken"}
FORMS = {"public", "member", "merchant", "mediator", "staff"}  # other doors read what is sent in their own way
View = Callable[..., HttpResponseBase]


def ensure(request: HttpRequest, act: Act) -> UUID:
    """
    Spend the proof of an act; call it in the transaction of the act.

    :raises StepUpNeeded: if there is none; the answer is then the page that asks
    """
    return step_up.ensure(user_id=_user(request).pk, session_key=request.session.session_key, act=act, now=clock.now())


@contextmanager
def proven(request: HttpRequest, act: Act) -> Iterator[None]:
    """
    For an act that must have its own transaction: asked for before, spent after; one that is refused leaves the proof.

    :raises StepUpNeeded: if there is none
    """
    proof = proof_of(request, act)
    if proof is None:
        raise StepUpNeeded(act)
    yield
    step_up.use(proof, act, now=clock.now())


def proof_of(request: HttpRequest, act: Act) -> UUID | None:
    """A proof of an act that was given and not spent."""
    return step_up.find(user_id=_user(request).pk, session_key=request.session.session_key, act=act, now=clock.now())


def confirmed_first(purpose: str, target: str = "") -> Callable[[View], View]:
    """Ask before the form is shown; a form that leads on (a redirect) has used the proof up."""
    act = Act(purpose, target=target)

    def decorate(view: View) -> View:
        @wraps(view)
        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return view(request, *args, **kwargs)
            standing.require(request.user.pk, "change_sign_in")
            proof = proof_of(request, act)
            if proof is None:
                onward = {"next": request.path, **({"target": target} if target else {})}
                return redirect(f"{reverse('accounts:confirm', args=[purpose])}?{urlencode(onward)}")
            response = view(request, *args, **kwargs)
            has_acted = request.method == "POST" and response.status_code == 302
            if has_acted and not step_up.is_spent(proof):  # a view may spend it in the transaction of its act
                step_up.use(proof, act, now=clock.now())
            return response

        return door

    return decorate


def middleware(get_response: Next) -> Next:
    """Judge what was given before the view runs, and draw the page when a view asks."""

    def middleware_(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponseBase | None:
        for_people = getattr(view, "guard", "") in FORMS and not is_for_machines(request)
        if request.method != "POST" or not for_people or not request.user.is_authenticated:
            return None
        return _judge(request) if request.POST.get(ID) and not request.POST.get(WAY) else None

    def process_exception(request: HttpRequest, fault: Exception) -> HttpResponse | None:
        if not isinstance(fault, StepUpNeeded) or is_for_machines(request):
            return None
        return _ask(request, fault.act)

    middleware_.process_view = process_view  # type: ignore[attr-defined]
    middleware_.process_exception = process_exception  # type: ignore[attr-defined]
    return middleware_


def ways_of(request: HttpRequest, purpose: str) -> list[Way]:
    found = step_up.ways(_user(request), purpose, device_id=device_of(request), now=clock.now())
    return found if passkeys.are_possible() else [way for way in found if way.channel != "passkey"]


def page_of(request: HttpRequest, purpose: str, **more: Any) -> dict[str, Any]:
    """What the template wants: the ways, the fields that go along, and whatever is known of the question."""
    row, way = more.get("challenge"), more.get("way")
    if row is not None and way is not None and way.channel == "passkey":
        more["options"] = passkeys.ask(request, f"{ID}:{row.pk}", _user(request))
    kept = [(name, value) for name, values in request.POST.lists() if name not in OURS for value in values]
    return {
        "purpose": PURPOSES[purpose], "ways": ways_of(request, purpose), "kept": kept,
        "action": request.get_full_path(),
        **more,
    }  # fmt: skip


def _judge(request: HttpRequest) -> HttpResponse | None:
    try:
        challenge_id = UUID(request.POST[ID])
    except ValueError:
        return None  # the view asks anew
    try:
        step_up.confirm(
            user=_user(request), challenge_id=challenge_id, session_key=str(request.session.session_key),
            code=request.POST.get(CODE, "")[:64], password=request.POST.get(PASSWORD, "")[:256],
            passkey=lambda: _judge_passkey(request, challenge_id), now=clock.now(),
        )  # fmt: skip
    except challenges.ChallengeOver:
        return None
    except DomainError as refusal:
        row = Challenge.objects.get(pk=challenge_id)
        way = next((way for way in ways_of(request, row.purpose) if way.name == row.channel), None)
        page = page_of(request, row.purpose, challenge=row, way=way, refusal=refusal)
        return render(request, "accounts/step_up.html", page, status=refusal.status)
    # Allauth asks in its own way on the same doors; what was given here is more than it wants.
    record_authentication(request, _user(request), method="step_up", reauthenticated=True)
    return None


def _judge_passkey(request: HttpRequest, challenge_id: UUID) -> object:
    return passkeys.judge(request, f"{ID}:{challenge_id}", request.POST.get(CREDENTIAL, ""), _user(request))


def _ask(request: HttpRequest, act: Act) -> HttpResponse:
    found = ways_of(request, act.purpose)
    if not found:
        return answer_refusal(request, NoWay())
    way = next((way for way in found if way.name == request.POST.get(WAY)), found[0])
    key, now = str(request.session.session_key), clock.now()
    refusal: DomainError | None = None
    row: Challenge | None = None
    try:
        row = step_up.begin(
            user=_user(request), act=act, way=way, session_key=key, device_id=device_of(request),
            ip=seen_by(request).ip, now=now,
        )  # fmt: skip
    except TooMany as too_many:
        # "Use the one that was sent" wants a field for it: the form may have been sent twice, or opened anew.
        refusal = too_many
        row = step_up.open_question(user_id=_user(request).pk, session_key=key, act=act, way=way, now=now)
    page = page_of(request, act.purpose, challenge=row, way=way, refusal=refusal)
    return render(request, "accounts/step_up.html", page, status=refusal.status if refusal else 403)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
