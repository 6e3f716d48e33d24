"""Stores."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


def in_language(zh: str, en: str) -> str:
    """Merchants' own texts come in Chinese, often with an English one beside: take the reader's, else what is there."""
    return (en or zh) if (get_language() or "").startswith("en") else (zh or en)


class Store(models.Model):
    """A merchant's shop. Every merchant query is scoped to one."""

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
    is_open = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(shipping_minor__gte=0), name="store_shipping_not_negative"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], name="store_closed", condition=Q(is_open=False)),  # every list leaves these out
        ]

    def __str__(self) -> str:
        return self.display_name

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
