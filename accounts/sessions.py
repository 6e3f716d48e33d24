"""Sessions in the database, read with a prepared query: every request of a member begins with this one."""

from __future__ import annotations

from django.contrib.sessions.backends.base import VALID_KEY_CHARS, UpdateError
from django.contrib.sessions.backends.db import SessionStore as InDatabase
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import get_random_string

from core.prepared import Blank, Change, Prepared

_ALIVE = Prepared(lambda: Session.objects.filter(session_key=Blank("key"), expire_date__gt=Blank("now")))


_KEPT = Change(
    lambda: (
        Session.objects.filter(session_key=Blank("key")),
        {"session_data": Blank("data"), "expire_date": Blank("until")},
    )
)


class SessionStore(InDatabase):
    """Django's own in everything but how a session is looked up and written again."""

    def _get_session_from_db(self) -> Session | None:
        row = _ALIVE.first(key=self.session_key, now=timezone.now())
        if row is None:
            self._session_key = None
        return row

    def _get_new_session_key(self) -> str:
        """165 random bits; Django's own asks the table first, whose unique key refuses the impossible anyway."""
        return get_random_string(32, VALID_KEY_CHARS)

    def delete(self, session_key: str | None = None) -> None:
        """One statement; Django's own reads the row first."""
        if session_key or self.session_key:
            Session.objects.filter(session_key=session_key or self.session_key).delete()

    def save(self, must_create: bool = False) -> None:
        """:raises UpdateError: if the session has gone meanwhile: who signed out stays signed out"""
        if must_create or self.session_key is None:
            super().save(must_create=must_create)
            return
        row = self.create_model_instance(self._get_session(no_load=False))  # type: ignore[attr-defined]
        if not _KEPT.apply(key=row.session_key, data=row.session_data, until=row.expire_date):
            raise UpdateError
