"""The books: accounts and transfers, MONEY.md §2.1."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Account(models.Model):
    """
    A ledger account. Credit adds, debit takes off.

    ``floor`` NULL: recorded only, its balance is the sum of its transfers. ``floor`` set: ``balance`` is materialised
    and the database refuses to let it fall below.
    """

    key = models.CharField(max_length=80, unique=True)  # escrow:CNY, merchant:<store>:CNY, provider:sandbox:CNY
    kind = models.CharField(max_length=20)
    owner_id = models.UUIDField(null=True)
    currency = models.CharField(max_length=3)
    balance = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(floor__isnull=True) | Q(balance__gte=F("floor")), name="account_floor"),
        ]

    def __str__(self) -> str:
        return self.key


class TransferKind(models.IntegerChoices):
    CAPTURE = 1
    RELEASE_NET = 2
    RELEASE_FEE = 3
    REFUND = 4  # escrow → refund in flight; ref: refund
    REFUND_DONE = 5  # refund in flight → provider
    PAYOUT_SENT = 6  # merchant → payout in flight; ref: payout
    PAYOUT_DONE = 7  # payout in flight → provider
    PAYOUT_FAILED = 8  # payout in flight → merchant
    SUSPENSE_IN = 9  # provider → suspense; ref: receipt
    SUSPENSE_REFUND = 10  # suspense → refund in flight; ref: refund
    LATE_REFUND = 11  # merchant → refund in flight, after the release; ref: refund
    FEE_BACK = 12  # fees → merchant: the fee on what was given back after the release; ref: refund or chargeback, leg
    CREDIT_REFUND = 13  # receivable → merchant: what he owes beyond his credit line; ref: refund
    RECOVERED = 14  # merchant → receivable: netted from what he earned later; ref: recovery
    CHARGEBACK = 15  # escrow or merchant → provider; ref: chargeback
    CHARGEBACK_WON = 16  # provider → where the chargeback was taken from; ref: chargeback
    CREDIT_CHARGEBACK = 17  # receivable → merchant; ref: chargeback
    PAYOUT_RETURNED = 18  # provider → merchant: paid, and sent back by the bank days later; ref: payout
    PROVIDER_FEE = 19  # provider fees → provider, as their statement says; ref: statement line
    ADJUST = 20  # a correction that two people have signed; ref: adjustment
    SUSPENSE_APPLIED = 21  # suspense → escrow: parked money that staff gave to its order; ref: receipt
    PASSED_BACK = 22  # provider → merchant: taken back from the merchant's own account there; ref: reversal
    COMPENSATION = 23  # compensations → merchant or refund in flight: made good by the platform; ref: compensation


class Transfer(models.Model):
    """One movement of money, balanced by construction, never edited. No foreign keys in the database: MONEY.md §1.4."""

    kind = models.PositiveSmallIntegerField(choices=TransferKind)
    ref = models.BigIntegerField()
    leg = models.PositiveSmallIntegerField(default=0)
    debit = models.ForeignKey(Account, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    credit = models.ForeignKey(Account, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "ref", "leg"], name="transfer_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_positive"),
            models.CheckConstraint(condition=~Q(debit=F("credit")), name="transfer_two_accounts"),
        ]
        indexes: ClassVar = [
            # A running account is read from its newest line: the account alone would not give the order.
            models.Index(fields=["credit", "id"], name="transfer_into"),
            models.Index(fields=["debit", "id"], name="transfer_out_of"),
        ]


class AccountCheckpoint(models.Model):
    """What a recorded account came to up to one of its transfers: its balance is this and what came later."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="checkpoints")
    upto_transfer_id = models.BigIntegerField()
    balance = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "upto_transfer_id"], name="account_checkpoint_once"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} up to {self.upto_transfer_id}"
