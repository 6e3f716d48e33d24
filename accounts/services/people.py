"""Making and changing accounts."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services import standing
from core.errors import DomainError


class JustTaken(DomainError):
    """Two sign-ups with the same phone or e-mail at the same moment."""

    code = "just_taken"
    default_message = _("This sign-up was sent twice. Please start again.")


def _unfinished() -> QuerySet[User]:
    """
    Sign-ups whose phone or e-mail was never proven.

    Nobody has entered them and they own nothing: they are claims, and must not keep the owner of a number out.
    """
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    claims = Q(phone__isnull=False) | Q(Exists(addresses))
    return User.objects.filter(
        claims,
        ~Exists(addresses.filter(verified=True)),
        last_login__isnull=True,
        phone_verified=False,
        is_staff=False,
        is_superuser=False,
        is_mediator=False,
    )


def finished(*, phone: str = "", email: str = "") -> User | None:
    """The open account of a proven phone or e-mail, in one query whether there is one or not."""
    rows = User.objects.filter(is_active=True)
    if phone:
        return rows.filter(phone=phone, phone_verified=True).first()
    return rows.filter(email=email).exclude(pk__in=_unfinished().values("pk")).first()


def drop_unfinished_sign_ups(*, phone: str | None = None, email: str | None = None, keep: UUID | None = None) -> None:
    """Delete unproven claims on a phone or an e-mail, so that who can prove it may have it."""
    same = Q()
    if phone:
        same |= Q(phone=phone)
    if email:
        same |= Q(email=email)
    if same:
        claims = _unfinished().filter(same)
        (claims.exclude(pk=keep) if keep else claims).delete()


def save_new(user: User) -> None:
    """
    Write a new account in place of unproven claims on its phone and e-mail.

    :raises JustTaken: if another sign-up has proven them in the meantime
    """
    try:
        with transaction.atomic():
            drop_unfinished_sign_ups(phone=user.phone, email=user.email)
            user.save()
    except IntegrityError as taken:
        raise JustTaken from taken


def set_phone(user: User, *, phone: str, is_verified: bool) -> None:
    """
    Give an account its number.

    :raises AccountLimited: if the account may not change how it signs in
    :raises JustTaken: if another account has proven it in the meantime
    """
    if User.objects.filter(pk=user.pk).exclude(phone=phone).exists():
        standing.require(user.pk, "change_sign_in")
    user.phone, user.phone_verified = phone, is_verified
    try:
        with transaction.atomic():
            user.save(update_fields=["phone", "phone_verified"])
    except IntegrityError as taken:
        raise JustTaken(_("This phone number belongs to another account.")) from taken


@transaction.atomic
def create_person(
    *,
    email: str | None = None,
    phone: str | None = None,
    password: str | None = None,
    name: str = "",
    language: str = "zh-hans",
    is_mediator: bool = False,
    is_superuser: bool = False,
) -> User:
    """Make an account whose phone and e-mail are known to be right: demo data, commands, tests."""
    user = User.objects.create_user(
        email,
        password,
        phone=phone,
        phone_verified=bool(phone),
        name=name,
        language=language,
        is_mediator=is_mediator,
        is_staff=is_superuser,
        is_superuser=is_superuser,
    )
    if user.email:
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def set_language(*, user_id: UUID, language: str) -> None:
    """Remember in which language this person reads, also in messages."""
    User.objects.filter(pk=user_id).exclude(language=language).update(language=language)


def rename(*, user_id: UUID, name: str) -> None:
    User.objects.filter(pk=user_id).update(name=name)


def ask_new_password(*, user_id: UUID, now: datetime) -> None:
    """Advise a new password from now on: something has happened that one would rather not have."""
    User.objects.filter(pk=user_id).update(password_remind_at=now)


def put_password_off(*, user_id: UUID, now: datetime) -> None:
    """Keep still about the password for as long as a new one would be young."""
    later = now + timedelta(days=settings.PASSWORD_REMIND_DAYS or 365)
    User.objects.filter(pk=user_id).update(password_remind_at=later)
