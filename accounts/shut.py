"""
A frozen account is shut in: whoever signs in to it reaches the pages of safety and recovery, and nothing else.

From a limited one nobody acts as staff: the console and the admin are shut to it, and the rest goes on.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect

from accounts.services import standing
from accounts.states import Standing
from core.errors import DomainError
from core.http import Next, answer_refusal, wants_json

OPEN_TO_FROZEN = frozenset({
    "accounts:safety", "accounts:reopen", "accounts:incident", "accounts:incident-new", "accounts:incident-say",
    "accounts:confirm", "account_logout", "set_language", "not_me", "change_stop", "recovery", "recovery_stop",
    "recovery_phone", "healthz", "readyz",
})  # fmt: skip
ADMIN_DOORS = {"admin:login", "admin:logout"}
OTHER_GUARDS = {"sandbox", "signed"}  # the sandbox's own people, and machines with a proof of their own


def middleware(get_response: Next) -> Next:
    """Lead whoever may not go where he wants to to “Safety”. Who has no session pays nothing."""

    def middleware_(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        if "_auth_user_id" not in request.session or getattr(view, "guard", "") in OTHER_GUARDS:
            return None
        match = request.resolver_match
        name = match.view_name if match is not None else ""
        if name in OPEN_TO_FROZEN:
            return None
        user = request.user
        if not user.is_authenticated or user.standing == Standing.NORMAL:
            return None
        if not standing.may(user.standing, "use"):
            return _refused(request, standing.AccountFrozen())
        is_office = getattr(view, "guard", "") == "mediator" or (name.startswith("admin:") and name not in ADMIN_DOORS)
        if is_office and not standing.may(user.standing, "act_as_staff"):
            return _refused(request, standing.AccountLimited())
        return None

    middleware_.process_view = process_view  # type: ignore[attr-defined]
    return middleware_


def _refused(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    if request.path.startswith("/api/"):
        return JsonResponse(refusal.as_json(), status=refusal.status)
    if request.method in ("GET", "HEAD") and not wants_json(request):
        return redirect("accounts:safety")
    return answer_refusal(request, refusal)
