"""People: one row each, whatever they do here."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.states import Standing
from core import clock


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str | None = None, password: str | None = None, **fields: object) -> User:
        user = self.model(email=self.normalize_email(email).lower() if email else None, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str, **fields: object) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person: buyer, merchant and staff are what a person does, not what he is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail"), max_length=254, null=True, blank=True, unique=True)
    phone = models.CharField(_("phone"), max_length=16, null=True, blank=True, unique=True)  # E.164
    phone_verified = models.BooleanField(default=False)
    name = models.CharField(_("name"), max_length=60, blank=True)
    language = models.CharField(_("language"), max_length=10, default="zh-hans")
    is_mediator = models.BooleanField(default=False)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    standing = models.CharField(max_length=8, choices=Standing, default=Standing.NORMAL)
    device_lock = models.BooleanField(_("device lock"), default=False)  # a new device needs an old one or a factor
    password_changed_at = models.DateTimeField(null=True, editable=False)
    password_remind_at = models.DateTimeField(null=True, editable=False)  # put off until then, or at once: an incident
    dismissed = models.JSONField(default=list, blank=True, editable=False)  # announcements closed by him, by number
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar = []

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(email__isnull=False) | Q(phone__isnull=False), name="user_reachable"),
            models.CheckConstraint(condition=Q(standing__in=Standing.values), name="user_standing"),
        ]

    def __str__(self) -> str:
        return self.display_name

    def set_password(self, raw_password: str | None) -> None:
        """Note when; who saves is the caller. A mere new hash of the old password saves the hash alone."""
        super().set_password(raw_password)
        self.password_changed_at = clock.now() if raw_password else None
        self.password_remind_at = None

    @property
    def acts_as_mediator(self) -> bool:
        """Whether he is one and his account stands well: from a limited one nobody acts as staff."""
        return self.is_mediator and self.standing == Standing.NORMAL

    @property
    def display_name(self) -> str:
        """Name to show to the person himself and to staff."""
        return self.name or self.email or self.phone or str(self.pk)[:8]
