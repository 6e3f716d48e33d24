"""How a store is vetted: its application, documents, later checks, and the end of the cooperation."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.sealed import FileKeyField, SealedField
from shop.models.stores import Store
from shop.states import ApplicationStatus, CheckStatus, DocumentStatus, StepStatus


class StoreKind(models.TextChoices):
    PERSON = "person", _("A person who runs a small business in his own name")
    COMPANY = "company", _("A company")


class Permit(models.TextChoices):
    """What some categories need beyond a business licence."""

    FOOD = "food", _("Food business permit")
    PUBLICATIONS = "publications", _("Permit to sell publications")
    MEDICAL = "medical", _("Filing for medical devices")
    TOYS = "toys", _("Compulsory certification (CCC) for toys")
    COSMETICS = "cosmetics", _("Filing for cosmetics")


class DocumentKind(models.TextChoices):
    ID_FRONT = "id_front", _("Identity card, side with the photo")
    ID_BACK = "id_back", _("Identity card, side with the emblem")
    LICENCE = "licence", _("Business licence")
    PERMIT = "permit", _("Permit")
    BRAND = "brand", _("Brand authorisation")


class StoreApplication(models.Model):
    """What a merchant says of himself. One for each store; the numbers lie sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.OneToOneField(Store, models.CASCADE, related_name="application")
    status = models.CharField(max_length=10, choices=ApplicationStatus, default=ApplicationStatus.DRAFT)
    kind = models.CharField(max_length=8, choices=StoreKind, blank=True)
    person_name = models.CharField(
        max_length=60, blank=True
    )  # who answers for it: the person, or who heads the company
    id_number = SealedField(null=True)
    id_index = models.CharField(max_length=64, blank=True)
    legal_name = models.CharField(max_length=100, blank=True)  # as it stands on the licence
    licence_number = SealedField(null=True)
    licence_index = models.CharField(max_length=64, null=True)  # blind index: no number twice; None where it is free
    permits = models.JSONField(default=list)  # values of Permit, from the categories he wants to sell in
    categories = models.JSONField(default=list)  # slugs of top categories
    brands = models.JSONField(default=list)  # names
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    returned_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    past_licence_index = models.CharField(max_length=64, blank=True, default="", db_default="")  # of one set free
    purged_at = models.DateTimeField(null=True)  # numbers and names are gone

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["licence_index"], name="licence_number_once"),
            models.CheckConstraint(
                condition=~Q(status="submitted") | Q(submitted_at__isnull=False), name="application_submitted_at"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["submitted_at"], name="application_queue", condition=Q(status="submitted")),
            models.Index(
                fields=["past_licence_index"], name="application_past_licence", condition=~Q(past_licence_index="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.store_id} {self.status}"


class ApplicationStep(models.Model):
    """One step of the checklist, saved on its own, and what the reviewer thinks of it."""

    application = models.ForeignKey(StoreApplication, models.CASCADE, related_name="steps")
    key = models.CharField(max_length=12)
    status = models.CharField(max_length=10, choices=StepStatus, default=StepStatus.SAVED)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["application", "key"], name="application_step_once")]

    def __str__(self) -> str:
        return f"{self.key}: {self.status}"


class StoreDocument(models.Model):
    """
    A licence, a permit, an identity card: the original as it came, sealed; of a picture also a re-encoded copy, sealed.

    Only the copy is shown on a page; a PDF has none and is downloaded.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="documents")
    kind = models.CharField(max_length=10, choices=DocumentKind)
    permit = models.CharField(max_length=12, choices=Permit, blank=True)
    brand = models.CharField(max_length=60, blank=True)
    status = models.CharField(max_length=10, choices=DocumentStatus, default=DocumentStatus.SAVED)
    media_type = models.CharField(max_length=40)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)  # of the original
    path = models.CharField(max_length=100, blank=True)  # empty: destroyed
    key = FileKeyField(null=True)
    copy_path = models.CharField(max_length=100, blank=True)
    copy_key = FileKeyField(null=True)
    valid_until = models.DateField(null=True)  # None: without end
    replaces = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    uploaded_by = models.UUIDField()
    uploaded_at = models.DateTimeField()
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    purged_at = models.DateTimeField(null=True)  # the files and their keys are gone; the row stays as the record

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(path="") | Q(key__isnull=False), name="document_file_has_key"),
            models.CheckConstraint(condition=~Q(kind="permit") | ~Q(permit=""), name="document_permit_says_which"),
            models.CheckConstraint(condition=Q(copy_path="") | Q(copy_key__isnull=False), name="document_copy_has_key"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["store", "kind"], name="document_store"),
            models.Index(fields=["uploaded_at"], name="document_queue", condition=Q(status="review")),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        if self.kind == DocumentKind.PERMIT:
            return str(self.get_permit_display())
        return f"{self.get_kind_display()}: {self.brand}" if self.brand else str(self.get_kind_display())

    @property
    def is_picture(self) -> bool:
        return bool(self.copy_path)


class StoreCheck(models.Model):
    """A look at an approved store: each year, or because somebody has a reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    store = models.ForeignKey(Store, models.PROTECT, related_name="checks")
    status = models.CharField(max_length=8, choices=CheckStatus, default=CheckStatus.OPEN)
    is_spot = models.BooleanField(default=False)
    reason = models.CharField(max_length=300, blank=True)
    opened_by = models.UUIDField(null=True)  # None: the calendar
    opened_at = models.DateTimeField()
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    finding = models.CharField(max_length=500, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["store"], condition=Q(status="open"), name="check_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.store_id} {self.status}"


class PapersHold(models.Model):
    """Somebody of the staff keeps a store's papers from being purged: a court, an authority or a dispute wants them."""

    store = models.ForeignKey(Store, models.PROTECT, related_name="papers_holds")
    reason = models.CharField(max_length=300)
    placed_by = models.UUIDField()
    placed_at = models.DateTimeField()
    lifted_by = models.UUIDField(null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["store"], condition=Q(lifted_at__isnull=True), name="papers_hold_one_in_force"
            ),
        ]

    def __str__(self) -> str:
        return self.reason


class StoreEnding(models.Model):
    """The end of a cooperation: proposed by one of the staff; where money is at stake, signed by another."""

    store = models.OneToOneField(Store, models.PROTECT, related_name="ending")
    reason = models.CharField(max_length=500)
    refund_unshipped = models.BooleanField()  # else the store ships what is paid
    proposed_by = models.UUIDField()
    proposed_at = models.DateTimeField()
    signed_by = models.UUIDField(null=True)
    signed_at = models.DateTimeField(null=True)
    needs_two = models.BooleanField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(signed_by__isnull=True) | Q(needs_two=False) | ~Q(signed_by=F("proposed_by")),
                name="ending_needs_two",
            ),
        ]

    def __str__(self) -> str:
        return self.reason
