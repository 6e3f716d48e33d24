"""
Devices: known again by a secret in a cookie that changes at each login.

The cookie holds ``id:secret`` of the few people who use this browser, joined by ``~``; a row holds SHA-256 of the
secret. A secret that was replaced and comes back has been copied: the device is revoked and its person told.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Device, User
from accounts.places import Seen
from accounts.services import standing
from core import audit
from core.actor import Actor
from core.errors import NotFound

TRUSTED_FOR = timedelta(days=180)
MOST_PEOPLE = 5  # of one browser
BETWEEN, INSIDE = "~", ":"


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a cookie says about one person: the device, if it is his and trusted; whether its secret was copied."""

    device: Device | None = None
    is_stolen: bool = False


def recognise(*, user_id: UUID, cookie: str, now: datetime) -> Recognition:
    """Find a person's device by its cookie. Changes nothing; see :func:`report_stolen`."""
    found = _entry_of(cookie, user_id)
    if found is None:
        return Recognition()
    device, secret = found
    if device.revoked_at is not None:
        return Recognition()
    if device.previous_hash and secrets.compare_digest(device.previous_hash, _hash(secret)):
        return Recognition(device, is_stolen=True)
    is_trusted = secrets.compare_digest(device.token_hash, _hash(secret)) and device.trusted_until > now
    return Recognition(device if is_trusted else None)


@transaction.atomic
def remember(
    *, user_id: UUID, known: Recognition, cookie: str, seen: Seen, verified_by: str, now: datetime, name: str = ""
) -> tuple[Device, str]:
    """
    Trust this browser, or go on trusting it, with a new secret; give the device and the cookie to set.

    ``known`` is what :func:`recognise` said of the cookie. ``verified_by`` counts for a device that was not trusted
    until now; its trust ends after :data:`TRUSTED_FOR`. A limited or frozen account trusts no new one: it is on
    record, and asked again at its next login.
    """
    secret = secrets.token_urlsafe(32)
    shown: dict[str, Any] = {
        "token_hash": _hash(secret), "user_agent": seen.user_agent[:300], "last_ip": seen.ip, "prefix": seen.prefix,
        "country": seen.country, "last_seen_at": now,
    }  # fmt: skip
    device = None if known.is_stolen else known.device
    if device is not None:
        # Compared and set: of two logins with one secret, one goes on with the device and the other is a new one.
        same = Device.objects.filter(pk=device.pk, token_hash=device.token_hash, revoked_at__isnull=True)
        if not same.update(previous_hash=device.token_hash, **shown):
            device = None
    if device is None:
        user = User.objects.only("standing").get(pk=user_id)
        trusted_for = TRUSTED_FOR if standing.may(user.standing, "trust_device") else timedelta()
        device = Device.objects.create(
            user_id=user_id, name=name[:60], first_ip=seen.ip, created_at=now, verified_by=verified_by,
            trusted_until=now + trusted_for, **shown,
        )  # fmt: skip
    kept = [part for part in _parts(cookie) if part.partition(INSIDE)[0] != device.pk.hex]
    others = [part for part in kept if not _is_of(part, user_id)]
    return device, BETWEEN.join([f"{device.pk.hex}{INSIDE}{secret}", *others][:MOST_PEOPLE])


@transaction.atomic
def set_lock(*, user_id: UUID, is_on: bool, actor: Actor) -> None:
    """
    With the lock, a new device is let in by another device or a second factor; a code alone is not enough.

    :raises AccountLimited: if the account may not change how it signs in
    """
    standing.require(user_id, "change_sign_in")
    if User.objects.filter(pk=user_id).exclude(device_lock=is_on).update(device_lock=is_on):
        audit.record(
            actor=actor, act="device_lock.on" if is_on else "device_lock.off", subject_type="account",
            subject=str(user_id),
        )  # fmt: skip


@transaction.atomic
def rename_device(*, device_id: UUID, user_id: UUID, name: str) -> None:
    """:raises NotFound: if it is not this person's"""
    if not Device.objects.filter(pk=device_id, user_id=user_id, revoked_at__isnull=True).update(name=name.strip()[:60]):
        raise NotFound


@transaction.atomic
def revoke_device(*, device_id: UUID, user_id: UUID, actor: Actor, reason: str, now: datetime) -> Device:
    """
    Trust a device no more. Who ends its sessions is the caller (``accounts.services.stays``).

    :raises NotFound: if it is not this person's, or was revoked before
    """
    rows = Device.objects.filter(pk=device_id, user_id=user_id, revoked_at__isnull=True)
    if not rows.update(revoked_at=now, revoked_reason=reason):
        raise NotFound
    audit.record(actor=actor, act="device.revoked", subject_type="device", subject=str(device_id), reason=reason)
    return Device.objects.get(pk=device_id)


def _entry_of(cookie: str, user_id: UUID) -> tuple[Device, str] | None:
    """The cookie's entry whose row is this person's."""
    entries = {}
    for part in _parts(cookie):
        name, _inside, secret = part.partition(INSIDE)
        try:
            entries[UUID(hex=name)] = secret
        except ValueError:
            continue
    device = Device.objects.filter(pk__in=list(entries), user_id=user_id).order_by("-last_seen_at").first()
    return (device, entries[device.pk]) if device is not None else None


def _is_of(part: str, user_id: UUID) -> bool:
    try:
        name = UUID(hex=part.partition(INSIDE)[0])
    except ValueError:
        return True  # nobody's: let it go
    return not Device.objects.filter(pk=name, revoked_at__isnull=True).exclude(user_id=user_id).exists()


def _parts(cookie: str) -> list[str]:
    return [part for part in cookie[:1000].split(BETWEEN) if part][:MOST_PEOPLE]


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
