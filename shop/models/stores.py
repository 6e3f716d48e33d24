"""Stores."""

from __future__ import annotations

import re
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shop.roles import Role, may
from shop.states import HALTED, StoreStatus

HAN = re.compile(r"[\u4e00-\u9fff]")


def in_language(zh: str, en: str) -> str:
    """Merchants' own texts come in Chinese, often with an English one beside: take the reader's, else what is there."""
    return (en or zh) if (get_language() or "").startswith("en") else (zh or en)


def picture_words(alt: str, title_en: str) -> str:
    """What a picture shows. It comes in one language: who reads English is told the product's title before Chinese."""
    return in_language(alt, title_en) if title_en and HAN.search(alt) else alt


class Store(models.Model):
    """A merchant's shop. Every merchant query is scoped to one."""

    my_role: str  # whose it is that looks, where shop.queries.stores has found the store for somebody

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="stores")
    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    about = models.TextField(_("about the store"), blank=True, max_length=2000)
    about_en = models.TextField(_("about the store, English"), blank=True, max_length=2000)
    return_policy = models.TextField(_("return policy"), blank=True, max_length=2000)
    return_policy_en = models.TextField(_("return policy, English"), blank=True, max_length=2000)
    region = models.CharField(_("ships from"), max_length=60, blank=True)
    region_en = models.CharField(_("ships from, English"), max_length=60, blank=True)
    logo = models.FileField(upload_to="stores/", blank=True)
    currency = models.CharField(max_length=3, default="CNY")
    shipping_minor = models.PositiveBigIntegerField(_("shipping fee"), default=0)
    free_shipping_from_minor = models.PositiveBigIntegerField(_("free shipping from"), null=True, blank=True)
    is_open = models.BooleanField(default=True)  # the merchant's own switch
    status = models.CharField(max_length=10, choices=StoreStatus, default=StoreStatus.APPLYING)
    # The platform's switch, kept by shop.services.standing: approved, no document of the business
    # has run out, and the owner's account is neither frozen nor closed.
    may_sell = models.BooleanField(default=False)
    owner_shut = models.BooleanField(default=False, db_default=False)  # its owner's account is frozen or closed
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(shipping_minor__gte=0), name="store_shipping_not_negative"),
            models.CheckConstraint(condition=Q(may_sell=False) | Q(status="approved"), name="store_sells_if_approved"),
            models.CheckConstraint(condition=Q(may_sell=False) | Q(owner_shut=False), name="store_sells_if_owner_may"),
        ]
        indexes: ClassVar = [
            # Every list leaves these out.
            models.Index(fields=["id"], name="store_shut", condition=Q(is_open=False) | Q(may_sell=False)),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def sells(self) -> bool:
        """Whether anything can be bought here now."""
        return self.is_open and self.may_sell

    @property
    def is_halted(self) -> bool:
        """Whether its buyers should not have to wait for it: suspended, ending, or of a frozen or closed owner."""
        return self.owner_shut or self.status in HALTED

    def role_of(self, user_id: uuid.UUID | None) -> str:
        """What somebody is in this store; empty for strangers. No query for the one it belongs to."""
        if user_id is None:
            return ""
        if user_id == self.owner_id:
            return Role.OWNER
        rows = self.members.filter(user_id=user_id, left_at__isnull=True)  # type: ignore[attr-defined]
        return rows.values_list("role", flat=True).first() or ""

    def may(self, user_id: uuid.UUID | None, act: str) -> bool:
        """Whether somebody's role in this store includes an act."""
        return may(self.role_of(user_id), act)

    def was_here(self, user_id: uuid.UUID | None) -> bool:
        """Whether somebody is or was of this store: what he did then stays the store's doing."""
        if user_id is None:
            return False
        return user_id == self.owner_id or self.members.filter(user_id=user_id).exists()  # type: ignore[attr-defined]

    @property
    def display_name(self) -> str:
        return in_language(self.name, self.name_en)

    @property
    def display_region(self) -> str:
        return in_language(self.region, self.region_en)

    @property
    def display_about(self) -> str:
        return in_language(self.about, self.about_en)

    @property
    def display_return_policy(self) -> str:
        return in_language(self.return_policy, self.return_policy_en)
