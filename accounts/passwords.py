"""
Which passwords are refused: common ones, breached ones, and words that belong to the person or the shop.

No rule asks for kinds of letters, and nothing is trimmed or changed before it is hashed. The lists are offline:
Django's 20,000, and those of zxcvbn's 30,000 from breaches that are missing there (MIT; ``accounts/data``).
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

BREACHED = Path(__file__).parent / "data" / "breached.txt.gz"
AROUND = 4  # so many digits and signs around a common word still leave it a common word
SHORTEST_WORD = 4
SHORTEST_CHINESE = 2
Words = Callable[[UUID], Iterable[str]]


@lru_cache(maxsize=1)
def known() -> frozenset[str]:
    """Passwords that every list of guesses begins with, in small letters."""
    with gzip.open(BREACHED, "rt", encoding="utf-8") as lines:
        return frozenset(CommonPasswordValidator().passwords) | {line.strip() for line in lines}


class KnownPasswordValidator:
    """Neither common nor breached, nor one of them with a few digits or signs around it."""

    def validate(self, password: str, user: Any = None) -> None:
        small = password.strip().lower()
        core = small.strip("0123456789!@#$%^&*()_-+=.,?~ ")
        is_near = len(small) - len(core) <= AROUND and len(core) >= SHORTEST_WORD
        if small in known() or (is_near and core in known()):
            raise ValidationError(_("This password is on every list of guesses. Choose another."), code="known")

    def get_help_text(self) -> str:
        return _("Not a password that many people use or that was stolen elsewhere.")


class OwnWordsValidator:
    """
    Without the person's phone, e-mail and name, without the name of this site and of his stores.

    ``more_words``: the dotted name of a function that gives further words of a person, by id.
    """

    def __init__(self, more_words: str = "") -> None:
        self.more_words = more_words

    def validate(self, password: str, user: Any = None) -> None:
        small = password.casefold()
        if any(word in small for word in self._words(user)):
            raise ValidationError(
                _("Leave your phone number, e-mail and name out of it, and the names of this site and of your store."),
                code="own_words",
            )

    def get_help_text(self) -> str:
        return _("Without your phone number, e-mail, name, or the name of this site or of your store.")

    def _words(self, user: Any) -> Iterator[str]:
        for text in (settings.SITE_NAME, *self._texts(user)):
            for word in {text.casefold(), *text.casefold().split()}:
                if len(word) >= (SHORTEST_WORD if word.isascii() else SHORTEST_CHINESE):
                    yield word

    def _texts(self, user: Any) -> Iterator[str]:
        phone, email = getattr(user, "phone", None), getattr(user, "email", None)
        if phone:
            yield from (phone, phone.lstrip("+"), phone[-11:], phone[-8:])
        if email:
            yield from (email, email.partition("@")[0])
        yield getattr(user, "name", None) or ""
        if self.more_words and getattr(user, "pk", None):
            more: Words = import_string(self.more_words)
            yield from more(user.pk)
