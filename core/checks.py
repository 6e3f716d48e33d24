"""What ``manage.py check --deploy`` refuses: a shop for real money with demo keys or pretended parts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

DEMO_MARKS = ("demo-key", "demo:")


@register(Tags.security, deploy=True)
def no_demo_parts(**more: Any) -> list[CheckMessage]:
    """No sandbox, no demo key, no pretended bank or carrier where money is real."""
    found: list[CheckMessage] = []
    if settings.SANDBOX:
        found.append(Error("SANDBOX=1 lets anybody be anybody and moves the clock.", id="core.E001"))
    if settings.SECRET_KEY.startswith(DEMO_MARKS) or any(key.startswith(DEMO_MARKS) for key in settings.VAULT_KEYS):
        found.append(Error("SECRET_KEY or VAULT_KEYS is the demo's, which everybody knows.", id="core.E002"))
    if settings.PAYMENT_GATEWAY == "sandbox":
        found.append(
            Error("PAYMENT_GATEWAY=sandbox pretends: nobody pays. Use none until there is a bank.", id="core.E003")
        )
    return found
