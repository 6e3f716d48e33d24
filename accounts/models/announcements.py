"""What the house has to say to everybody, or to one kind of people: in two languages, from when, until when."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Announcement(models.Model):
    """
    A text of the staff. A draft until it is published, never changed after: who was told wrong is told anew.

    How it stands follows from its moments (:meth:`state`); nothing waits for anybody, so there is no clock.
    """

    class Kind(models.TextChoices):
        SAFETY = "safety", _("Safety")
        NOTICE = "notice", _("Notice")
        CARRIER = "carrier", _("Carriers")

    class Audience(models.TextChoices):
        EVERYONE = "everyone", _("Everyone")
        BUYERS = "buyers", _("Buyers")
        MERCHANTS = "merchants", _("Merchants")
        STAFF = "staff", _("Staff")

    class Importance(models.IntegerChoices):
        NORMAL = 0, _("Ordinary")
        IMPORTANT = 1, _("Important")

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        WAITING = "waiting", _("Comes later")
        SHOWN = "shown", _("Now shown")
        OVER = "over", _("Over")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.NOTICE)
    audience = models.CharField(_("for whom"), max_length=9, choices=Audience, default=Audience.EVERYONE)
    importance = models.SmallIntegerField(_("importance"), choices=Importance, default=Importance.NORMAL)
    title_en = models.CharField(_("title in English"), max_length=120)
    title_zh = models.CharField(_("title in Chinese"), max_length=80)
    text_en = models.TextField(_("text in English"), max_length=4_000)
    text_zh = models.TextField(_("text in Chinese"), max_length=4_000)
    from_at = models.DateTimeField(_("shown from"), null=True, blank=True)  # of a draft: empty means at once
    until_at = models.DateTimeField(_("shown until"), null=True, blank=True)
    written_by = models.UUIDField()
    written_at = models.DateTimeField()
    published_by = models.UUIDField(null=True)
    published_at = models.DateTimeField(null=True)
    withdrawn_by = models.UUIDField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)  # why it was withdrawn; readers see it

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(until_at__isnull=True) | Q(from_at__isnull=True) | Q(until_at__gt=F("from_at")),
                name="announcement_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True)
                | Q(from_at__isnull=False, published_by__isnull=False)
                & ~Q(title_en="") & ~Q(title_zh="") & ~Q(text_en="") & ~Q(text_zh=""),
                name="announcement_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, reason="") | (Q(withdrawn_at__isnull=False) & ~Q(reason="")),
                name="announcement_withdrawn_for_a_reason",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(
                fields=["-from_at"], name="announcement_public", condition=Q(published_at__isnull=False)
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("announcement", args=[self.pk])

    @property
    def title(self) -> str:
        """In the reader's language."""
        return self.title_en if (get_language() or "").startswith("en") else self.title_zh

    @property
    def text(self) -> str:
        return self.text_en if (get_language() or "").startswith("en") else self.text_zh

    @property
    def is_important(self) -> bool:
        return self.importance > Announcement.Importance.NORMAL

    def state(self, now: datetime) -> State:
        if self.withdrawn_at is not None:
            return self.State.WITHDRAWN
        if self.published_at is None or self.from_at is None:
            return self.State.DRAFT
        if now < self.from_at:
            return self.State.WAITING
        return self.State.OVER if self.until_at is not None and self.until_at <= now else self.State.SHOWN
