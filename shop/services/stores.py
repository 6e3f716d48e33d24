"""What a store says of itself."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from core import audit, clock
from core.actor import Actor
from shop.models import Store
from shop.roles import Act
from shop.services.access import require_at
from shop.services.products import republish_store


@transaction.atomic
def set_return_policy(*, store_id: UUID, text: str, text_en: str, actor: Actor) -> None:
    """Change the policy for future purchases; orders keep the one they were bought under (their promise)."""
    require_at(store_id, Act.SETTINGS, actor=actor)
    Store.objects.filter(pk=store_id).update(return_policy=text.strip(), return_policy_en=text_en.strip())
    republish_store(store_id=store_id, author_id=actor.user_id, now=clock.now())  # each listing promises it
    audit.record(actor=actor, act="store.policy", subject_type="store", subject=str(store_id), facts={"text": text})
