"""The seals over the books and the proofs of custody: MONEY.md §4. Written once, like what they seal."""

from __future__ import annotations

import base64
from typing import ClassVar

from django.db import models

from core.money import Money


class Sealed(models.Model):
    """One transfer's place in the log: ``seq`` counts from 0 without a gap."""

    seq = models.BigIntegerField(primary_key=True)
    transfer_id = models.BigIntegerField(unique=True)
    leaf = models.BinaryField(max_length=32)

    def __str__(self) -> str:
        return f"{self.seq}: transfer {self.transfer_id}"


class SealedNode(models.Model):
    """The hash over 256 ** ``level`` leaves, once they are complete."""

    level = models.PositiveSmallIntegerField()
    place = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["level", "place"], name="sealed_node_once"),
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.place}"


class Checkpoint(models.Model):
    """
    A signed root, in the form of C2SP's tlog-checkpoint.

    ``epoch`` counts the servers the database has lived on, each of which numbers its transactions anew; ``last_txid``
    is how far the sealer had come by this one's, ``system`` its name.
    """

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    epoch = models.PositiveIntegerField(default=0)
    system = models.CharField(max_length=24, blank=True)
    last_txid = models.BigIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["at"], name="checkpoint_at")]

    def __str__(self) -> str:
        return f"{self.size} leaves"

    @property
    def root_text(self) -> str:
        """The root as the note writes it."""
        return base64.b64encode(bytes(self.root)).decode()


ON_ITS_WAY = ("refunds", "payouts")
SOURCES = ("books", "sandbox", "statement", "provider")  # who says what lies there, the weakest word first


class CustodyProof(models.Model):
    """
    At one moment, in one currency: what is held for whom in sum, and what lies where to cover it.

    ``owed``: kind → minor units; the ``holds`` open ones are in the tree. ``balances``: what each provider's account
    holds, with who says so and when.
    """

    at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    holds = models.BigIntegerField()
    held_minor = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    owed = models.JSONField()
    balances = models.JSONField()
    note = models.TextField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["currency", "-id"], name="custody_newest")]

    def __str__(self) -> str:
        return f"{self.currency} {self.at}"

    @property
    def held(self) -> Money:
        return Money(self.held_minor, self.currency)

    @property
    def due(self) -> Money:
        """What must lie at the providers: all that is owed, save what is on its way and may have left."""
        return Money(sum(minor for kind, minor in self.owed.items() if kind not in ON_ITS_WAY), self.currency)

    @property
    def balance(self) -> Money:
        return Money(sum(row["minor"] for row in self.balances), self.currency)

    @property
    def is_covered(self) -> bool:
        return self.balance.minor >= self.due.minor

    @property
    def percent(self) -> str:
        """The coverage with two places, rounded down, so that 100.00 means whole."""
        hundredths = self.balance.minor * 10_000 // self.due.minor if self.due.minor else 10_000
        return f"{hundredths // 100}.{hundredths % 100:02d}"

    @property
    def source(self) -> str:
        """The weakest of its balances' sources."""
        return min((row["source"] for row in self.balances), key=SOURCES.index, default="books")


class CustodyLeaf(models.Model):
    """One open hold in the newest proof of its currency; of older proofs only the root is kept."""

    proof = models.ForeignKey(CustodyProof, models.PROTECT, db_index=False, related_name="leaves")
    place = models.BigIntegerField()
    hold_id = models.BigIntegerField()
    minor = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proof", "place"], name="custody_place_once"),
            models.UniqueConstraint(fields=["hold_id", "proof"], name="custody_hold_once"),
        ]

    def __str__(self) -> str:
        return f"{self.place}: hold {self.hold_id}"


class CustodyNode(models.Model):
    """Hash and sum over 256 ** ``level`` leaves."""

    proof = models.ForeignKey(CustodyProof, models.PROTECT, db_index=False, related_name="nodes")
    level = models.PositiveSmallIntegerField()
    place = models.BigIntegerField()
    minor = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proof", "level", "place"], name="custody_node_once"),
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.place}"
