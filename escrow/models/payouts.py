"""Money on its way to merchants."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from core.money import Money
from core.sealed import SealedField
from escrow.models.chargebacks import Chargeback
from escrow.models.holds import Hold, Refund
from escrow.models.ledger import Account
from escrow.states import PROVIDER_LABELS, HoldCause, PayoutStatus, ReversalStatus, StopCause


class PayoutAccount(models.Model):
    """
    Where a store's money goes. The number lies sealed; pages show the last four digits.

    ``gateway``: empty for the account that payouts go to; else the payment provider at which this is the store's own
    account, to which what that provider holds for it is passed on.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store_id = models.UUIDField()
    gateway = models.CharField(max_length=20, blank=True, default="")
    bank = models.CharField(max_length=60)
    holder = models.CharField(max_length=60)
    number = SealedField(null=True)  # None: purged with the papers of an ended store
    last4 = models.CharField(max_length=4)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True)  # when to ask whether it is still right: put off until then, or at once

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["store_id", "gateway"], condition=Q(is_active=True), name="payout_account_one_active"
            ),
        ]

    @property
    def place(self) -> str:
        """The bank, or the provider, for people."""
        return str(PROVIDER_LABELS.get(self.gateway, self.bank))


class Payout(models.Model):
    """
    A store's balance on its way to the bank.

    ``hold``: it goes another way: the provider of that hold's payment passes it on, to the store's own account there.
    ``reversed_minor``: what is being or has been taken back from there since.
    """

    store_id = models.UUIDField()
    merchant = models.ForeignKey(Account, models.PROTECT, related_name="+")
    destination = models.ForeignKey(PayoutAccount, models.PROTECT)
    hold = models.ForeignKey(Hold, models.PROTECT, null=True, related_name="passed_on")
    reversed_minor = models.PositiveBigIntegerField(default=0)
    gateway = models.CharField(max_length=20)
    status = models.CharField(max_length=10, choices=PayoutStatus, default=PayoutStatus.PREPARED)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    gateway_ref = models.CharField(max_length=80, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)  # when the bank sent it back, days after it was paid
    prepared_by = models.UUIDField(null=True)  # who asked for it; None: the daily run
    approved_by = models.UUIDField(null=True)  # the second pair of eyes, above the limit

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="payout_positive"),
            models.CheckConstraint(
                condition=Q(amount_minor__gte=F("reversed_minor")) & (Q(hold__isnull=False) | Q(reversed_minor=0)),
                name="payout_taken_back_no_more_than_passed_on",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["store_id", "-created_at"], name="payout_store")]

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def is_passed_on(self) -> bool:
        """Whether it goes by its payment's provider instead of a bank."""
        return self.hold_id is not None


class Reversal(models.Model):
    """
    A part of what a provider passed on to a store, on its way back from there: the intent is committed first.

    ``refund``, ``chargeback``: what has to be covered with it. ``refunds_payer``: at this provider it is one act with
    the refund, and is sent as that.
    """

    payout = models.ForeignKey(Payout, models.PROTECT, related_name="reversals")
    refund = models.ForeignKey(Refund, models.PROTECT, null=True, related_name="reversals")
    chargeback = models.ForeignKey(Chargeback, models.PROTECT, null=True, related_name="reversals")
    refunds_payer = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=ReversalStatus, default=ReversalStatus.PENDING)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    gateway_ref = models.CharField(max_length=80, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="reversal_positive"),
            models.CheckConstraint(
                condition=Q(refund__isnull=False, chargeback__isnull=True)
                | Q(refund__isnull=True, chargeback__isnull=False, refunds_payer=False),
                name="reversal_has_one_cause",
            ),
            models.UniqueConstraint(fields=["payout", "refund"], name="reversal_once_for_a_refund"),
            models.UniqueConstraint(fields=["payout", "chargeback"], name="reversal_once_for_a_chargeback"),
            models.UniqueConstraint(
                fields=["refund"], condition=Q(refunds_payer=True), name="reversal_one_act_with_its_refund"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payout_id} {self.amount_minor}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)


class PayoutStop(models.Model):
    """
    A switch that keeps every payout from leaving until it is lifted; one at most is in force.

    ``short``: currency → minor units that staff were told are missing; ``covered_at``: since when they are there again.
    While something is missing two people lift it: one asks and says why, another agrees. ``tolerated``: what was
    missing when he asked; once both have agreed, so much may be missing without a new stop until it is covered.
    """

    in_force = models.BooleanField(default=True)
    cause = models.CharField(max_length=10, choices=StopCause, default=StopCause.PERSON)
    reason = models.CharField(max_length=200)
    by = models.UUIDField(null=True)  # None: an alarm threw it
    at = models.DateTimeField()
    short = models.JSONField(default=dict)
    covered_at = models.DateTimeField(null=True)
    lift_asked_by = models.UUIDField(null=True)
    lift_asked_at = models.DateTimeField(null=True)
    lift_reason = models.CharField(max_length=200, blank=True)
    tolerated = models.JSONField(default=dict)
    lifted_by = models.UUIDField(null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["in_force"], condition=Q(in_force=True), name="payout_stop_one_in_force"),
            models.CheckConstraint(
                condition=Q(lift_asked_by__isnull=True)
                | Q(lifted_by__isnull=True)
                | ~Q(lifted_by=models.F("lift_asked_by")),
                name="payout_stop_lift_needs_two",
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class StorePayoutHold(models.Model):
    """
    What keeps one store's payouts from leaving: its own standing, its owner's, or a change that must cool off.

    One row per cause is in force; nothing leaves before the last is lifted. ``until``: it lifts itself then.
    """

    store_id = models.UUIDField()
    in_force = models.BooleanField(default=True)
    cause = models.CharField(max_length=10, choices=HoldCause)
    by = models.UUIDField(null=True)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    lifted_by = models.UUIDField(null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["store_id", "cause"], condition=Q(in_force=True), name="store_payout_hold_one_in_force"
            ),
            models.CheckConstraint(condition=Q(cause__in=HoldCause.values), name="store_payout_hold_cause"),
        ]

    def __str__(self) -> str:
        return f"{self.store_id} {self.cause}"


class MerchantTerms(models.Model):
    """
    How far a store may go below zero, and what stays back from its payouts against refunds after the release.

    The newest row counts; without one the defaults of ``escrow.terms`` do. Reserve: ``reserve_bps`` of what was
    released to the store in the last ``reserve_days``.
    """

    store_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    credit_line_minor = models.PositiveBigIntegerField(default=0)
    reserve_bps = models.PositiveIntegerField(default=0)
    reserve_days = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=200, blank=True)
    set_by = models.UUIDField(null=True)
    set_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(reserve_bps__lte=10_000), name="terms_reserve_is_a_share"),
        ]
        indexes: ClassVar = [models.Index(fields=["store_id", "currency", "-id"], name="terms_newest")]

    def __str__(self) -> str:
        return f"{self.store_id} {self.currency}"

    @property
    def percent(self) -> str:
        """The reserve's share as people write it, without the sign."""
        return f"{self.reserve_bps / 100:g}"


class Recovery(models.Model):
    """A debt of a store taken from what it earned later: one netting."""

    store_id = models.UUIDField()
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="recovery_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.store_id} {self.amount_minor}"


class Adjustment(models.Model):
    """A correction of the books by hand: one person proposes it, another signs it, and only then it is posted."""

    debit = models.CharField(max_length=80)  # account keys
    credit = models.CharField(max_length=80)
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=300)
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    signed_by = models.UUIDField(null=True)
    signed_at = models.DateTimeField(null=True)
    refused_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="adjustment_positive"),
            models.CheckConstraint(
                condition=Q(signed_by__isnull=True) | ~Q(signed_by=models.F("proposed_by")),
                name="adjustment_needs_two",
            ),
        ]

    def __str__(self) -> str:
        return self.reason
