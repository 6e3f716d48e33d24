"""Card keys (卡密): the stock of products that are delivered by the payment itself."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.sealed import Sealed, SealedField
from shop.models.catalogue import Variant
from shop.models.orders import OrderLine
from shop.states import KeyStatus


class CodeBatch(models.Model):
    """Keys that came in together. A batch that is stopped is in quarantine: nothing of it is sold."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="batches")
    name = models.CharField(_("name of the batch"), max_length=80)
    expires_at = models.DateTimeField(null=True)  # the earliest of its keys; a key may keep longer
    created_at = models.DateTimeField()
    author_id = models.UUIDField(null=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "id"]
        indexes: ClassVar = [models.Index(fields=["variant", "-created_at"], name="code_batch_variant")]


class CardKey(models.Model):
    """
    One key. Its value lies sealed; ``fingerprint`` says whether two are the same without opening either (B7).

    A key that is sold is the ``n``-th of its order line, and what a buyer reads is always this row's.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    batch = models.ForeignKey(CodeBatch, models.PROTECT, related_name="keys")
    variant = models.ForeignKey(Variant, models.PROTECT, related_name="keys")  # the batch's, to find a free one fast
    place = models.PositiveIntegerField()  # in its batch, as it was handed in
    value = SealedField()
    fingerprint = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(null=True)
    status = models.CharField(max_length=12, choices=KeyStatus, default=KeyStatus.AVAILABLE)
    order_line = models.ForeignKey(OrderLine, models.PROTECT, null=True, related_name="keys")
    n = models.PositiveSmallIntegerField(null=True)
    sold_at = models.DateTimeField(null=True)
    revealed_at = models.DateTimeField(null=True)  # by its buyer
    seen_at = models.DateTimeField(null=True)  # by anybody through the platform; from then on it is never sold again

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["order_line", "n"], name="card_key_once_per_piece"),
            models.CheckConstraint(
                condition=Q(order_line__isnull=True, n__isnull=True, sold_at__isnull=True)
                | Q(order_line__isnull=False, sold_at__isnull=False),
                name="card_key_sold_whole",
            ),
            models.CheckConstraint(
                condition=~Q(status="sold") | Q(order_line__isnull=False, n__isnull=False), name="card_key_sold_to_one"
            ),
            models.CheckConstraint(
                condition=Q(status__in=("sold", "spent", "replaced")) | Q(order_line__isnull=True),
                name="card_key_free_of_orders",
            ),
            models.CheckConstraint(
                condition=~Q(status="available") | Q(seen_at__isnull=True), name="card_key_seen_is_not_for_sale"
            ),
            models.CheckConstraint(
                condition=Q(revealed_at__isnull=True) | Q(seen_at__isnull=False), name="card_key_revealed_is_seen"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["variant", "expires_at", "id"], name="card_key_free", condition=Q(status="available")),
            models.Index(fields=["batch", "status"], name="card_key_batch"),
        ]

    def open(self) -> str:
        """
        The key itself. Whoever calls this writes down that it was seen.

        :raises Unsealable: if the blob is not what was sealed in this row
        """
        sealed: object = self.value
        assert isinstance(sealed, Sealed)
        return sealed.open()
