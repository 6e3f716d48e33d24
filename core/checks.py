"""What ``manage.py check --deploy`` refuses: a shop for real money with demo keys or pretended parts."""

from __future__ import annotations

import base64
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

DEMO_MARKS = ("demo-key", "demo:")
FEW = 8  # random bytes are hardly ever fewer different ones


@register(Tags.security, deploy=True)
def no_demo_parts(**more: Any) -> list[CheckMessage]:
    """No sandbox, no demo key, no pretended bank or carrier where money is real."""
    found: list[CheckMessage] = []
    if settings.SANDBOX:
        found.append(Error("SANDBOX=1 lets anybody be anybody and moves the clock.", id="core.E001"))
    if settings.SECRET_KEY.startswith(DEMO_MARKS) or any(key.startswith(DEMO_MARKS) for key in settings.VAULT_KEYS):
        found.append(Error("SECRET_KEY or VAULT_KEYS is the demo's, which everybody knows.", id="core.E002"))
    if "sandbox" in (*settings.PAYMENT_GATEWAYS, settings.PAYOUT_GATEWAY):
        found.append(
            Error("The sandbox bank pretends: nobody pays. PAYMENT_GATEWAYS=none until there is one.", id="core.E003")
        )
    for name, values in settings.PROVIDERS.items():
        if values and not values.get("api_base", "https://").startswith("https://"):
            found.append(Error(f"{name} is asked at {values['api_base']}, which only pretends.", id="core.E005"))
    if not _is_key(settings.SIGNING_KEY):
        found.append(
            Error("SIGNING_KEY is not 32 random bytes in base64: no record is sealed or signed.", id="core.E004")
        )
    return found


def _is_key(text: str) -> bool:
    try:
        return len(set(base64.b64decode(text, validate=True))) > FEW and len(base64.b64decode(text)) == 32
    except ValueError:
        return False
