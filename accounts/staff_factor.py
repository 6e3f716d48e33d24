"""Who works here has a second factor: without one he reaches nothing but the pages on which he sets it up."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.queries.factors import factors_of
from core.errors import DomainError
from core.gate import is_for_machines
from core.http import Next, answer_refusal

OPEN = {
    "accounts:security", "accounts:factor-app", "accounts:passkey-add", "accounts:factor-recovery", "accounts:confirm",
    "accounts:password-later", "account_logout", "account_set_password", "account_change_password",
    "account_reauthenticate", "set_language", "healthz", "readyz", "media",
}  # fmt: skip


class FactorNeeded(DomainError):
    code = "factor_needed"
    status = HTTPStatus.FORBIDDEN
    default_message = gettext_lazy("Who works here needs a second factor. Set up an authenticator app first.")


def lacks_factor(user: Any) -> bool:
    """Whether this is one of the staff, who has none: mediators, and whoever may use the admin."""
    return isinstance(user, User) and (user.is_mediator or user.is_staff or user.is_superuser) and not factors_of(user)


def is_shut_out(user: Any) -> bool:
    return bool(settings.STAFF_NEEDS_FACTOR) and lacks_factor(user)


def middleware(get_response: Next) -> Next:
    """Whatever the address, the admin's included; what a door itself asks comes on top."""

    def middleware_(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    def process_view(request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        if not settings.STAFF_NEEDS_FACTOR or not is_shut_out(request.user):
            return None
        if request.resolver_match is not None and request.resolver_match.view_name in OPEN:
            return None
        if is_for_machines(request):
            return answer_refusal(request, FactorNeeded())
        messages.info(request, _("Who works here needs a second factor. Set up an authenticator app first."))
        return redirect("accounts:factor-app")

    middleware_.process_view = process_view  # type: ignore[attr-defined]
    return middleware_
