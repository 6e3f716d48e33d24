"""Who works in a store beside the person it belongs to."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from shop.models.stores import Store
from shop.roles import Role
from shop.states import InvitationStatus


class StoreMember(models.Model):
    """Somebody's role in a store. ``Store.owner`` has no row: he is an owner by being named there."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role)
    joined_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True)  # who has left stays on record as having been of the store

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "store"], condition=Q(left_at__isnull=True), name="member_once"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="member_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.role}"


class StoreInvitation(models.Model):
    """An open place in a team for whoever owns a phone or an e-mail address; the link alone opens nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.ForeignKey(Store, models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=8, choices=Role)
    email = models.EmailField(max_length=254, blank=True)
    phone = models.CharField(max_length=16, blank=True)  # E.164
    status = models.CharField(max_length=10, choices=InvitationStatus, default=InvitationStatus.OPEN)
    invited_by = models.UUIDField()
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_by = models.UUIDField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(email="", phone__gt="") | Q(email__gt="", phone=""), name="invitation_to_one"
            ),
            models.UniqueConstraint(
                fields=["store", "email", "phone"], condition=Q(status="open"), name="invitation_one_open"
            ),
        ]

    def __str__(self) -> str:
        return self.to

    @property
    def to(self) -> str:
        return self.email or self.phone


class TeamMute(models.Model):
    """A kind of letter of a store that somebody of it does without."""

    store = models.ForeignKey(Store, models.CASCADE, related_name="team_mutes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    topic = models.CharField(max_length=10)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["store", "user", "topic"], name="team_mute_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.topic}"
