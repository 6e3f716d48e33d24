"""The page of everything that guards an account."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import passkeys
from accounts.queries.devices import devices_of
from accounts.queries.factors import factors_of, passkeys_of, recovery_left
from accounts.queries.people import password_is_old
from accounts.requests import MemberRequest
from accounts.services import people
from accounts.services.factors import FEW
from accounts.staff_factor import lacks_factor
from accounts.views.third_party import pending_of
from core import clock
from core.guards import member


@member
@require_safe
def security(request: MemberRequest) -> HttpResponse:
    """Phone, e-mail, password, factors, devices, standing: what is there, and what would be wiser."""
    user = request.user
    factors = factors_of(user)
    left = recovery_left(user) if factors else 0
    accounts = SocialAccount.objects.filter(user=user).order_by("pk")
    page = {
        "accounts": accounts, "pending": pending_of(request),
        "to_connect": [name for name in settings.SOCIALACCOUNT_PROVIDERS if name not in {a.provider for a in accounts}],
        "is_staff_without": lacks_factor(user), "must": settings.STAFF_NEEDS_FACTOR, "standing": user.standing,
        "passkeys": passkeys_of(user), "can_passkey": passkeys.are_possible(),
        "has_totp": "totp" in factors, "left": left, "is_few": bool(factors) and left <= FEW,
        "password_is_old": password_is_old(user, now=clock.now()),
        "devices": devices_of(user.pk, now=clock.now()).count(),
    }  # fmt: skip
    return render(request, "accounts/security.html", page)


@member
@require_POST
def password_later(request: MemberRequest) -> HttpResponse:
    """Not now: keep the password, and hear of it no more for a year."""
    people.put_password_off(user_id=request.user.pk, now=clock.now())
    return redirect("accounts:security")
