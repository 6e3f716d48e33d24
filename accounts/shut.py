"""A frozen account is shut in: whoever signs in to it reaches the pages of safety and recovery, and nothing else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect

from accounts.services import standing
from core.http import Next, answer_refusal, wants_json

OPEN_TO_FROZEN = frozenset({
    "accounts:safety", "accounts:reopen", "accounts:incident", "accounts:incident-new", "accounts:incident-say",
    "accounts:confirm", "account_logout", "set_language", "not_me", "change_stop", "recovery", "recovery_stop",
    "recovery_phone", "healthz", "readyz",
})  # fmt: skip
OTHER_GUARDS = {"sandbox", "signed"}  # the sandbox's own people, and machines with a proof of their own


def middleware(get_response: Next) -> Next:
    """Lead the owner of a frozen account to “Safety”, wherever he wants to go. Who has no session pays nothing."""

    def middleware_(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        if "_auth_user_id" not in request.session or getattr(view, "guard", "") in OTHER_GUARDS:
            return None
        match = request.resolver_match
        if match is not None and match.view_name in OPEN_TO_FROZEN:
            return None
        user = request.user
        if not user.is_authenticated or standing.may(user.standing, "use"):
            return None
        refusal = standing.AccountFrozen()
        if request.path.startswith("/api/"):
            return JsonResponse(refusal.as_json(), status=refusal.status)
        if request.method in ("GET", "HEAD") and not wants_json(request):
            return redirect("accounts:safety")
        return answer_refusal(request, refusal)

    middleware_.process_view = process_view  # type: ignore[attr-defined]
    return middleware_
