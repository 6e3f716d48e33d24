"""Which letters somebody of a team does without. The message on the site stays; who answers for the store hears all."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from core import audit
from core.actor import Actor
from core.errors import Invalid
from shop.models import Store, TeamMute
from shop.roles import Act, may
from shop.services.access import require


class Topic(models.TextChoices):
    STANDING = "standing", _("The store is approved, suspended or ends")
    DOCUMENTS = "documents", _("Papers run out, goods stop and come back")
    TEAM = "team", _("Somebody joins or leaves the team")


NEEDS = {Topic.STANDING: Act.LOOK, Topic.DOCUMENTS: Act.PRODUCTS, Topic.TEAM: Act.TEAM}


def topic_of(kind: str) -> Topic:
    """What a notice is about, by its kind."""
    if kind.startswith("team."):
        return Topic.TEAM
    return Topic.DOCUMENTS if kind.startswith("vetting.document") else Topic.STANDING


def topics_of(store: Store, user_id: UUID) -> list[Topic]:
    """Of what somebody is told by letter as long as he does not do without."""
    role = store.role_of(user_id)
    return [topic for topic, act in NEEDS.items() if may(role, act)]


def must_hear(store: Store, user_id: UUID) -> bool:
    """Whom a store belongs to always gets its letters: a thief would mute who joins the team first."""
    return user_id == store.owner_id


@transaction.atomic
def mute(*, store: Store, topics: Collection[str], actor: Actor) -> None:
    """
    Say what one does without; everything else is sent again.

    :raises Invalid: if a topic is none, is not told to this role, or may not be muted by whom the store belongs to
    """
    require(store, Act.LOOK, actor=actor)
    assert actor.user_id is not None
    known = topics_of(store, actor.user_id)
    if topics and (must_hear(store, actor.user_id) or not set(topics) <= set(known)):
        raise Invalid
    TeamMute.objects.filter(store=store, user_id=actor.user_id).exclude(topic__in=topics).delete()
    rows = [TeamMute(store=store, user_id=actor.user_id, topic=topic) for topic in set(topics)]
    TeamMute.objects.bulk_create(rows, ignore_conflicts=True)
    audit.record(
        actor=actor, act="team.muted", subject_type="store", subject=str(store.pk), facts={"topics": sorted(topics)}
    )


def muted_by(store: Store, user_id: UUID) -> set[str]:
    return set(TeamMute.objects.filter(store=store, user_id=user_id).values_list("topic", flat=True))


def who_muted(store: Store, topic: str) -> set[UUID]:
    """Who gets no letter of a topic now; an old wish of whom the store belongs to by now does not count."""
    rows = TeamMute.objects.filter(store=store, topic=topic).values_list("user_id", flat=True)
    return {user_id for user_id in rows if not must_hear(store, user_id)}
