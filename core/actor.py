"""Who is acting: handed from the door down to the audit entry."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """A person on a device, or the system itself (``user_id`` is None)."""

    user_id: UUID | None
    device_id: UUID | None = None
    is_mediator: bool = False

    @property
    def label(self) -> str:
        return str(self.user_id) if self.user_id else "system"


SYSTEM = Actor(user_id=None)
