"""Where parcels go."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User


class Address(models.Model):
    """Where a parcel goes. Region codes and names are both kept: codes move, names are what was meant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="addresses")
    name = models.CharField(_("recipient"), max_length=40)
    phone = models.CharField(_("phone"), max_length=16)
    district_code = models.CharField(max_length=9)
    province = models.CharField(_("province"), max_length=30)
    city = models.CharField(_("city"), max_length=30)
    district = models.CharField(_("district"), max_length=30)
    street = models.CharField(_("street and house"), max_length=120)
    postcode = models.CharField(_("postcode"), max_length=10, blank=True)
    is_default = models.BooleanField(_("default address"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user"], condition=Q(is_default=True), name="address_one_default"),
        ]

    def as_snapshot(self) -> dict[str, str]:
        """What an order freezes: the address as it was at purchase."""
        names = ("name", "phone", "district_code", "province", "city", "district", "street", "postcode")
        return {name: getattr(self, name) for name in names}
