"""Second factors a person has set up."""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from accounts.models import RecoveryCode, User

NAMES = {"totp": "totp", "webauthn": "passkey"}


def factors_of(user: User) -> frozenset[str]:
    """Some of ``totp``, ``passkey``."""
    kinds = Authenticator.objects.filter(user_id=user.pk, type__in=list(NAMES)).values_list("type", flat=True)
    return frozenset(NAMES[kind] for kind in kinds)


def recovery_left(user: User) -> int:
    """How many recovery codes nobody has used."""
    return RecoveryCode.objects.filter(user_id=user.pk, used_at__isnull=True).count()


def passkeys_of(user: User) -> list[Authenticator]:
    """The oldest first; each has its name in ``data``."""
    return list(Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN).order_by("pk"))
