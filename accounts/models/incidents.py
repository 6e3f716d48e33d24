"""Accounts that were taken over, or seem so: the case of it, what was said and done, and who wants one opened again."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.agents import agent_name
from accounts.models.people import User
from accounts.states import IncidentStatus, RecoveryProof, RecoveryStatus


class Incident(models.Model):
    """One incident of an account: opened by its owner or by staff, looked into by staff, closed with words."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="incidents")
    status = models.CharField(max_length=14, choices=IncidentStatus, default=IncidentStatus.OPENED)
    opened_by = models.UUIDField()
    opened_at = models.DateTimeField()
    handler_id = models.UUIDField(null=True)  # of the staff
    compensation = models.TextField(blank=True)  # what was made good, and how; money moves elsewhere
    closing = models.TextField(blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user"], condition=~Q(status="closed"), name="incident_one_open"),
            models.CheckConstraint(condition=Q(status__in=IncidentStatus.values), name="incident_status"),
            models.CheckConstraint(
                condition=~Q(status="closed") | (Q(closed_at__isnull=False) & ~Q(closing="")), name="incident_closed"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["status", "opened_at"], name="incident_queue")]


class IncidentEntry(models.Model):
    """What was said or done in an incident. Written once; database triggers refuse changes."""

    class Kind(models.TextChoices):
        SAID = "said", _("said")
        ASKED = "asked", _("asked")
        MEASURE = "measure", _("measure")
        NOTE = "note", _("note of the staff")  # the member does not see it

    class Measure(models.TextChoices):
        """What staff did, beside the reason they wrote: each reader has it in his own language."""

        LIMITED = "limited", _("The account was limited")
        FROZEN = "frozen", _("The account was frozen")
        NORMAL = "normal", _("The account was opened again")
        STAYS = "stays", _("The account was not opened again")
        SIGNED_OUT = "signed_out", _("All sessions were ended and all devices revoked")
        RECOVERY = "recovery", _("A recovery of the account was begun")

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="entries")
    at = models.DateTimeField()
    by = models.UUIDField(null=True)
    by_staff = models.BooleanField()
    kind = models.CharField(max_length=8, choices=Kind)
    measure = models.CharField(max_length=10, choices=Measure, blank=True, default="")
    text = models.TextField()


class UnfreezeRequest(models.Model):
    """Somebody of the staff wants an account with money opened again; another has to agree."""

    user = models.ForeignKey(User, models.CASCADE, related_name="unfreeze_requests")
    in_force = models.BooleanField(default=True)
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    agreed_by = models.UUIDField(null=True)
    agreed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user"], condition=Q(in_force=True), name="unfreeze_one_in_force"),
            models.CheckConstraint(
                condition=Q(agreed_by__isnull=True) | ~Q(agreed_by=models.F("asked_by")), name="unfreeze_by_two"
            ),
        ]


class AccountRecovery(models.Model):
    """
    Somebody who has lost his phone, and says whose account is his: what he has proven, who looked at it, how it ended.

    ``proofs``: which kinds matched our records, never what was typed. ``contact``: where the one-time link goes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="recoveries")
    status = models.CharField(max_length=8, choices=RecoveryStatus, default=RecoveryStatus.WAITING)
    proofs = models.JSONField(default=list)
    contact = models.CharField(max_length=254)
    started_at = models.DateTimeField()
    started_by = models.UUIDField(null=True)  # of the staff; empty: the member himself, who cannot sign in
    ip = models.CharField(max_length=45, blank=True)
    country = models.CharField(max_length=2, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    reviewed_by = models.UUIDField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(status__in=["waiting", "review", "approved"]), name="recovery_one_open"
            ),
            models.CheckConstraint(condition=Q(status__in=RecoveryStatus.values), name="recovery_status"),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True)
                | Q(started_by__isnull=True)
                | ~Q(reviewed_by=models.F("started_by")),
                name="recovery_by_two",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["status", "started_at"], name="recovery_queue")]

    @property
    def proof_words(self) -> list[str]:
        return RecoveryProof.words(self.proofs)

    @property
    def agent(self) -> str:
        return agent_name(self.user_agent)
