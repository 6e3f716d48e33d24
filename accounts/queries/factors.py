"""Second factors a person has set up."""

from __future__ import annotations

from accounts.models import User


def factors_of(user: User) -> frozenset[str]:
    """Some of ``totp``, ``passkey``."""
    return frozenset()
