"""What somebody tells us of a store or a product that should not be as it is."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from shop.models.catalogue import Product
from shop.models.stores import Store
from shop.states import ReportStatus


class ReportGround(models.TextChoices):
    FORBIDDEN = "forbidden", _("It may not be sold at all")
    BRAND = "brand", _("A copy, or a brand without its owner’s leave")
    UNTRUE = "untrue", _("What is said of it is not true")
    NO_LICENCE = "licence", _("The store or its goods lack a licence or permit")
    OUTSIDE = "outside", _("I was asked to pay outside of the platform")
    OTHER = "other", _("Something else")


class StoreReport(models.Model):
    """One report. The store never learns who made it, or that there is one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="reports")
    product = models.ForeignKey(Product, models.PROTECT, null=True, related_name="reports")
    ground = models.CharField(max_length=10, choices=ReportGround)
    text = models.TextField(max_length=2000)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    email = models.EmailField(blank=True)  # of somebody without an account who wants an answer
    language = models.CharField(max_length=10)
    status = models.CharField(max_length=10, choices=ReportStatus, default=ReportStatus.OPEN)
    made_at = models.DateTimeField()
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    answer = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["reporter", "product"], name="report_of_product_once",
                condition=Q(status="open", reporter__isnull=False, product__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["reporter", "store"], name="report_of_store_once",
                condition=Q(status="open", reporter__isnull=False, product__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(status="open") | (~Q(answer="") & Q(answered_at__isnull=False)), name="report_is_answered"
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["made_at"], name="report_queue", condition=Q(status="open"))]

    def __str__(self) -> str:
        return f"{self.store_id} {self.status}"
