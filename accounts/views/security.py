"""The page of everything that guards an account."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.queries.devices import devices_of
from accounts.queries.factors import factors_of, recovery_left
from accounts.requests import MemberRequest
from accounts.services.factors import FEW
from core import clock
from core.guards import member


@member
@require_safe
def security(request: MemberRequest) -> HttpResponse:
    """Phone, e-mail, password, factors, devices, standing: what is there, and what would be wiser."""
    user = request.user
    factors = factors_of(user)
    left = recovery_left(user) if factors else 0
    page = {
        "has_totp": "totp" in factors, "left": left, "is_few": bool(factors) and left <= FEW,
        "devices": devices_of(user.pk, now=clock.now()).count(),
    }  # fmt: skip
    return render(request, "accounts/security.html", page)
