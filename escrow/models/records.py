"""The seals over the books and the proofs of custody: MONEY.md §4. Written once, like what they seal."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


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
