"""An announcement as staff write it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Announcement
from accounts.services.announcements import Words

MOMENT = "%Y-%m-%dT%H:%M"


class AnnouncementForm(forms.ModelForm):  # type: ignore[type-arg]
    """All words in both languages. The text is plain: an empty line begins a paragraph."""

    class Meta:
        model = Announcement
        fields = (
            "kind", "audience", "importance", "title_zh", "title_en", "text_zh", "text_en", "from_at", "until_at",
        )  # fmt: skip
        help_texts = {
            "title_zh": _("One sentence that says it all: most readers see only this."),
            "text_zh": _("Plain text. An empty line begins a paragraph."),
            "from_at": _("Empty: at once, when it is published."),
            "until_at": _("Empty: until it is withdrawn. It stays on the page of announcements."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("text_zh", "text_en"):
            self.fields[name].widget = forms.Textarea(attrs={"rows": 5, "maxlength": 4_000})
        for name in ("from_at", "until_at"):
            self.fields[name].widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
        for name in ("kind", "audience", "importance"):
            self.fields[name].choices = [  # type: ignore[attr-defined]
                choice for choice in self.fields[name].choices if choice[0] != ""  # type: ignore[attr-defined]
            ]  # fmt: skip

    def words(self) -> Words:
        return Words(**{name: self.cleaned_data[name] for name in self.Meta.fields})
