"""Questions who is there that are open, as whoever was asked them finds them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from accounts.models import Challenge
from core.errors import NotFound


def question_of(*, pk: UUID, user_id: UUID, session_hash: str, purposes: Collection[str]) -> Challenge:
    """:raises NotFound: if nobody was asked it, or somebody else, or in another session, or for another purpose"""
    row = Challenge.objects.filter(pk=pk, user_id=user_id, session_hash=session_hash, purpose__in=purposes).first()
    if row is None:
        raise NotFound
    return row
