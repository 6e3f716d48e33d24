"""Carts."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from shop.models.catalogue import Variant


class Cart(models.Model):
    """A member's cart, or a visitor's behind a random token in his session."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="cart")
    token = models.CharField(max_length=43, null=True, unique=True)
    updated_at = models.DateTimeField(auto_now=True)


class CartLine(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, models.CASCADE)
    quantity = models.PositiveIntegerField()
    price_seen_minor = models.PositiveBigIntegerField()  # what the buyer was shown, to tell him when it has changed
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cart_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=999), name="cart_line_quantity"),
        ]
