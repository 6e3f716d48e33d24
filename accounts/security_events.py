"""
Sign-ins, refusals and changed credentials as security events (ASVS 16.3.1). Logging hangs on signals; no rule does.

What a challenge or a device of our own refuses, whoever refuses it tells: ``security_log.event("login.failed", …)``.
"""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from django.apps import apps
from django.contrib.auth import signals as auth
from django.http import HttpRequest

from core.security_log import event


def connect() -> None:
    """Called once, when all apps are there."""
    auth.user_logged_in.connect(signed_in, dispatch_uid="log-signed-in")
    auth.user_logged_out.connect(signed_out, dispatch_uid="log-signed-out")
    auth.user_login_failed.connect(refused, dispatch_uid="log-refused")
    for factor, signal in (
        ("login_code", account.login_code_rejected),
        ("email_code", account.email_verification_code_rejected),
        ("reset_code", account.password_reset_code_rejected),
    ):
        signal.connect(_code_refused(factor), weak=False, dispatch_uid=f"log-{factor}")
    changes = {"password": (account.password_changed, account.password_set, account.password_reset)}
    changes["email"] = (account.email_added, account.email_changed, account.email_removed)
    if apps.is_installed("allauth.mfa"):
        from allauth.mfa import signals as mfa

        changes["factor"] = (mfa.authenticator_added, mfa.authenticator_removed, mfa.authenticator_reset)
    for what, which in changes.items():
        for signal in which:
            signal.connect(_changed(what), weak=False, dispatch_uid=f"log-{what}")


def signed_in(*, request: HttpRequest | None = None, user: Any = None, **more: Any) -> None:
    session = getattr(request, "session", {})
    methods = session.get("account_authentication_methods", [])
    factors = [str(method.get("method", "")) for method in methods if isinstance(method, dict)] or ["none"]
    event("login.succeeded", request=request, user_id=str(user.pk), factors=factors)


def signed_out(*, request: HttpRequest | None = None, user: Any = None, **more: Any) -> None:
    """The browser is told to forget as well: ``core.http.headers_middleware`` adds ``Clear-Site-Data``."""
    if request is not None:
        request.has_signed_out = True  # type: ignore[attr-defined]
    if user is not None:
        event("logout", request=request, user_id=str(user.pk))


def refused(*, request: HttpRequest | None = None, **more: Any) -> None:
    """Whom somebody wanted to be is not told: what is typed there is a password now and then."""
    event("login.failed", request=request, factor="password")


def _code_refused(factor: str) -> Any:
    def hear(*, request: HttpRequest | None = None, user: Any = None, **more: Any) -> None:
        known = {"user_id": str(user.pk)} if user is not None and user.pk else {}
        event("login.failed", request=request, factor=factor, **known)

    return hear


def _changed(what: str) -> Any:
    def hear(*, request: HttpRequest | None = None, user: Any = None, **more: Any) -> None:
        known = {"user_id": str(user.pk)} if user is not None else {}
        event("credential.changed", request=request, what=what, **known)

    return hear
