"""
Signing a computer in with a phone (A2), and proving a new device with an old one.

The phone's owner types the two digits that the computer shows: who only has a picture of the code, or a link, has no
digits, and who sends the code to a victim cannot have them typed without being seen. NIST SP 800-63B wants exactly
such a transfer; a bare "approve" is not offered. Threats and answers: ACCOUNTS.md §3 is worked off in
``tests/accounts/test_qr.py``.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from uuid import UUID

from cryptography.hazmat.primitives import hashes, hmac
from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Device, QRLogin
from accounts.places import Seen
from accounts.queries.devices import devices_of
from accounts.services import standing
from accounts.services.challenges import session_hash
from accounts.states import QR, QRStatus
from core import deadlines
from core.actor import SYSTEM, Actor
from core.errors import DomainError, NotFound, TooMany
from core.limits import Rate, spend
from core.sealed import ring
from core.transitions import advance

LIVES = timedelta(seconds=120)
MOST_WRONG = 3
DEVICE_AGE = timedelta(days=1)
ASKED = (Rate(20, 3_600),)  # new codes for one address
APPROVALS = (Rate(3, 600),)  # requests one member sees; then it is off for an hour
OFF_SECONDS = 3_600
OPEN = (QRStatus.WAITING, QRStatus.SCANNED)
SHORT = 32


class QROver(DomainError):
    code = "qr_over"
    status = HTTPStatus.GONE
    default_message = _("This code is over. Show a new one on the computer.")


class WrongDigits(DomainError):
    code = "wrong_digits"
    status = HTTPStatus.BAD_REQUEST
    default_message = _("These are not the digits on the computer's screen.")


class DeviceTooNew(DomainError):
    code = "device_too_new"
    status = HTTPStatus.FORBIDDEN
    default_message = _("Only a device you have used for a day can sign others in. Sign in there with a code instead.")


def token_of(row_id: UUID) -> str:
    """What the code to scan carries: the id and a MAC over it; nothing of it is stored."""
    mac = hmac.HMAC(next(iter(ring("qr").values())), hashes.SHA256())
    mac.update(row_id.bytes)
    return f"{row_id.hex}{mac.finalize().hex()[:SHORT]}"


def find(token: str) -> QRLogin:
    """:raises NotFound: if it is not one of our codes"""
    try:
        row_id = UUID(hex=token[:32])
    except ValueError:
        row_id = UUID(int=0)  # nobody's: as much work as a real one
    row = QRLogin.objects.filter(pk=row_id).first()
    is_ours = secrets.compare_digest(token_of(row_id).encode(), token.encode())
    if row is None or not is_ours:
        raise NotFound
    return row


@transaction.atomic
def ask(*, session_key: str, seen: Seen, now: datetime, user_id: UUID | None = None) -> QRLogin:
    """
    Begin; with ``user_id`` one of that member's devices is asked to prove this one.

    :raises TooMany: if this address asked too often, or this member was asked too often
    """
    wait = spend(name="qr", who=seen.ip, rates=ASKED)
    if wait:
        raise TooMany
    if user_id is not None:
        _count_request(user_id)
    row = QRLogin.objects.create(
        session_hash=session_hash(session_key), digits=f"{secrets.randbelow(90) + 10}", ip=seen.ip,
        user_agent=seen.user_agent[:300], country=seen.country, created_at=now, expires_at=now + LIVES,
        user_id=user_id, is_device_check=user_id is not None,
    )  # fmt: skip
    deadlines.schedule("qr.expires", subject=row.pk, due_at=row.expires_at)
    return row


@transaction.atomic
def scan(*, row: QRLogin, user_id: UUID, now: datetime) -> QRLogin:
    """
    Note who looks at it; only the first who does.

    :raises QROver: if it is over, or somebody else's
    :raises TooMany: if this member scanned too many lately
    """
    if row.expires_at <= now or row.status not in OPEN or row.is_device_check:
        raise QROver
    if row.status == QRStatus.SCANNED:
        if row.user_id != user_id:
            raise QROver
        return row
    _count_request(user_id)
    advance(row, QRStatus.SCANNED, machine=QR, actor=Actor(user_id=user_id), reason="scanned", user_id=user_id)
    return row


def approve(*, row_id: UUID, user_id: UUID, device_id: UUID | None, digits: str, now: datetime) -> None:
    """
    Let the computer in. Call it outside a transaction: a wrong try is counted before it is compared.

    :raises WrongDigits: if they are not those on the computer's screen; the third ends the request
    :raises QROver: if it is over, or another's
    :raises DeviceTooNew: if this device was trusted less than a day ago
    :raises AccountLimited: if the account may not do that now
    """
    standing.require(user_id, "approve_login")
    if not may_approve(user_id=user_id, device_id=device_id, now=now):
        raise DeviceTooNew
    mine = QRLogin.objects.filter(pk=row_id, user_id=user_id, status__in=OPEN, expires_at__gt=now)
    if not mine.filter(attempts__lt=MOST_WRONG).update(attempts=F("attempts") + 1):
        raise QROver
    row = mine.get()
    if not secrets.compare_digest(row.digits.encode(), digits.strip().encode()):
        if row.attempts >= MOST_WRONG:
            decline(row_id=row_id, user_id=user_id, reason="three wrong tries")
        raise WrongDigits
    with transaction.atomic():
        actor = Actor(user_id=user_id, device_id=device_id)
        advance(row, QRStatus.APPROVED, machine=QR, actor=actor, reason="digits typed", approved_on=device_id)


@transaction.atomic
def decline(*, row_id: UUID, user_id: UUID, reason: str) -> None:
    """:raises QROver: if it is over, or another's"""
    row = QRLogin.objects.filter(pk=row_id, user_id=user_id, status__in=OPEN).first()
    if row is None:
        raise QROver
    advance(row, QRStatus.DECLINED, machine=QR, actor=Actor(user_id=user_id), reason=reason)
    deadlines.cancel("qr.expires", subject=row.pk)


def may_approve(*, user_id: UUID, device_id: UUID | None, now: datetime) -> bool:
    """Whether this device is one of those."""
    return device_id is not None and approvers(user_id, now=now).filter(pk=device_id).exists()


def approvers(user_id: UUID, *, now: datetime) -> QuerySet[Device]:
    """Devices trusted long enough to let others in; those the sandbox signed in count: a demo is an hour old."""
    return devices_of(user_id, now=now).filter(Q(created_at__lte=now - DEVICE_AGE) | Q(verified_by="sandbox"))


def asking(*, user_id: UUID, now: datetime) -> list[tuple[QRLogin, str]]:
    """New devices that wait for this member's yes, each with the token of its page."""
    rows = QRLogin.objects.filter(user_id=user_id, is_device_check=True, status__in=OPEN, expires_at__gt=now)
    return [(row, token_of(row.pk)) for row in rows.order_by("-created_at")]


def polled(*, row_id: UUID, session_key: str | None, now: datetime) -> QRLogin:
    """
    Answer the browser that asked, and nobody else.

    :raises NotFound: for another browser
    """
    row = QRLogin.objects.select_related("user").filter(pk=row_id, session_hash=session_hash(session_key)).first()
    if row is None or not row.session_hash:
        raise NotFound
    if row.expires_at <= now and row.status in (*OPEN, QRStatus.APPROVED):
        row.status = QRStatus.EXPIRED  # the sweep will write it down
    return row


@transaction.atomic
def use(*, row: QRLogin, now: datetime) -> None:
    """
    Take the approval, once.

    :raises IllegalTransition: if it is not approved, or was taken by a faster poll
    """
    advance(
        row, QRStatus.USED, machine=QR, actor=Actor(user_id=row.user_id, device_id=row.approved_on), reason="polled"
    )
    deadlines.cancel("qr.expires", subject=row.pk)


def expire_due(subjects: Sequence[str], now: datetime) -> None:
    """Deadline handler: nobody came."""
    for subject in subjects:
        with transaction.atomic():
            row = QRLogin.objects.select_for_update().filter(pk=subject).first()
            if row is not None and row.status in (*OPEN, QRStatus.APPROVED):
                advance(row, QRStatus.EXPIRED, machine=QR, actor=SYSTEM, reason="two minutes are over")
            deadlines.finish("qr.expires", subjects=[subject])


def _count_request(user_id: UUID) -> None:
    """Three requests in ten minutes, then none for an hour: nobody is worn down until he presses something."""
    key = f"qr-off:{user_id}"
    if cache.get(key):
        raise TooMany
    if spend(name="qr-request", who=str(user_id), rates=APPROVALS):
        cache.set(key, 1, OFF_SECONDS)
        raise TooMany
