"""Who is acting: handed from the door down to the audit entry."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """
    A person on a device, or the system itself (``user_id`` is None).

    ``token_role``: a store's own system acts for the person who made its token, but within this role; empty for people.
    """

    user_id: UUID | None
    device_id: UUID | None = None
    is_mediator: bool = False
    token_role: str = ""

    @property
    def label(self) -> str:
        return str(self.user_id) if self.user_id else "system"


SYSTEM = Actor(user_id=None)
