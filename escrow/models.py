"""The money tables: MONEY.md §2.1."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from core.money import Money
from core.sealed import SealedField
from escrow.states import HoldStatus, Parked, PaymentStatus, PayoutStatus, ReceiptOutcome, RefundStatus


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


class Payment(models.Model):
    """One checkout's payment, for one or more orders (their ``payment`` points here)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="payments")
    gateway = models.CharField(max_length=20)
    reference = models.CharField(max_length=80, blank=True)  # the provider's own number of it
    status = models.CharField(max_length=10, choices=PaymentStatus, default=PaymentStatus.OPEN)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3, default="CNY")
    declined_reason = models.CharField(max_length=200, blank=True)  # why the last try failed, for the buyer
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payment_positive"),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Receipt(models.Model):
    """Money that a provider says has arrived: applied to its orders, parked for staff, or sent back; never lost."""

    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="receipts")
    gateway = models.CharField(max_length=20)
    gateway_ref = models.CharField(max_length=80)  # the provider's number of this one movement of money
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    outcome = models.CharField(max_length=10, choices=ReceiptOutcome)
    reason = models.CharField(max_length=40, blank=True)  # wrong_amount, wrong_currency, late, twice, unknown
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["gateway", "gateway_ref"], name="receipt_once"),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def reason_text(self) -> str:
        """Why it was parked, for people."""
        return str(dict(Parked.choices).get(self.reason, self.reason))


class Hold(models.Model):
    """One order's money in escrow. CHECK and guarded updates decide every race."""

    order = models.OneToOneField("shop.Order", models.PROTECT, related_name="hold")
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="holds")
    store_id = models.UUIDField()
    merchant = models.ForeignKey(Account, models.PROTECT, related_name="+")
    status = models.CharField(max_length=10, choices=HoldStatus, default=HoldStatus.HELD)
    currency = models.CharField(max_length=3)
    amount_minor = models.PositiveBigIntegerField()
    released_minor = models.PositiveBigIntegerField(default=0)
    refunded_minor = models.PositiveBigIntegerField(default=0)
    fee_taken_minor = models.PositiveBigIntegerField(default=0)
    fee_bps = models.PositiveIntegerField()
    opened_at = models.DateTimeField()
    warned_at = models.DateTimeField(null=True)  # when the last warning before release went out
    closed_at = models.DateTimeField(null=True)
    provider_deadline = models.DateTimeField(null=True)  # past it the provider lets go of the money by itself

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(released_minor__gte=0, refunded_minor__gte=0, fee_taken_minor__gte=0)
                & Q(amount_minor__gte=F("released_minor") + F("refunded_minor"))
                & Q(released_minor__gte=F("fee_taken_minor")),
                name="hold_never_overdrawn",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["store_id", "status", "opened_at", "id"], name="hold_store_oldest"),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def rest(self) -> Money:
        """What is still held."""
        return Money(self.amount_minor - self.released_minor - self.refunded_minor, self.currency)


class Refund(models.Model):
    """Money on its way back to a buyer: the intent is committed first, then the provider is asked."""

    payment = models.ForeignKey(Payment, models.PROTECT, null=True, related_name="refunds")
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="refunds")
    receipt = models.ForeignKey(Receipt, models.PROTECT, null=True, related_name="refunds")
    gateway = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=RefundStatus, default=RefundStatus.PENDING)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=60)
    gateway_ref = models.CharField(max_length=80, blank=True)
    attempt = models.PositiveSmallIntegerField(default=1)  # a retry after a definite failure asks under a new key
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_positive"),
            models.CheckConstraint(
                condition=Q(hold__isnull=False, receipt__isnull=True) | Q(hold__isnull=True, receipt__isnull=False),
                name="refund_has_one_source",
            ),
        ]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def order_id(self) -> uuid.UUID | None:
        return self.hold.order_id if self.hold else None


class PayoutAccount(models.Model):
    """Where a store's money goes. The number lies sealed; pages show the last four digits."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store_id = models.UUIDField()
    bank = models.CharField(max_length=60)
    holder = models.CharField(max_length=60)
    number = SealedField()
    last4 = models.CharField(max_length=4)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store_id"], condition=Q(is_active=True), name="payout_account_one_active"),
        ]


class Payout(models.Model):
    """A store's balance on its way to the bank."""

    store_id = models.UUIDField()
    merchant = models.ForeignKey(Account, models.PROTECT, related_name="+")
    destination = models.ForeignKey(PayoutAccount, models.PROTECT)
    gateway = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=PayoutStatus, default=PayoutStatus.PREPARED)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    gateway_ref = models.CharField(max_length=80, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_positive"),
        ]
        indexes: ClassVar = [models.Index(fields=["store_id", "-created_at"], name="payout_store")]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class Inbox(models.Model):
    """Provider notices as they came, verified on the raw bytes, processed from here."""

    provider = models.CharField(max_length=20)
    event_id = models.CharField(max_length=120)
    raw_body = models.BinaryField()
    headers = models.JSONField(default=dict)
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="inbox_once"),
        ]


class SandboxCharge(models.Model):
    """The sandbox bank's own book of payments, refunds and transfers: the other side of the wire."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10)  # payment, refund, payout
    key = models.CharField(max_length=120)  # our idempotency key at the bank
    reference = models.CharField(max_length=80, unique=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=12)  # open, paid, declined, closed, pending, done, failed
    paid_minor = models.BigIntegerField(default=0)
    paid_currency = models.CharField(max_length=3, blank=True)
    movements = models.JSONField(default=list)  # [{"ref", "minor", "currency", "at"}]: each arrival of money
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "key"], name="sandbox_charge_once")]


class SandboxNotice(models.Model):
    """A notice the sandbox bank owes the shop; sent over HTTP, retried until it is answered with 2xx."""

    charge = models.ForeignKey(SandboxCharge, models.CASCADE, related_name="notices")
    event_id = models.CharField(max_length=80)
    body = models.TextField()
    due_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=200, blank=True)
