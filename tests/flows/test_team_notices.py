"""Who of a store's team hears of its vetting, by role, and who does without letters."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Notice, OutgoingMessage
from core import clock
from core.errors import Invalid, NotFound
from flows import standing
from shop.models import Store, TeamMute
from shop.services import mutes
from shop.services.mutes import NEEDS, Topic, topic_of
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.shop.test_brands import shown
from tests.stories import actor_of, settle, wait
from tests.vetting import works_in

pytestmark = pytest.mark.django_db
ROLES = ("manager", "shipper", "support", "finance")


def team_of(store):
    people = {role: UserFactory(language="en") for role in ROLES}
    for role, user in people.items():
        works_in(store, role, user)
    return people


def suspend(store):
    standing.suspend(store_id=store.pk, reason="A secret of ours.", actor=actor_of(MediatorFactory()), now=clock.now())
    settle()


def told(kind):
    return set(Notice.objects.filter(kind=kind).values_list("user_id", flat=True))


def letters(user):
    return OutgoingMessage.objects.filter(to=user.email).count()


def test_everybody_of_the_team_hears_of_a_suspension_but_the_reason_is_the_owners():
    store = StoreFactory()
    people = team_of(store)
    suspend(store)
    assert told("vetting.suspended") == {store.owner_id, *(user.pk for user in people.values())}
    for user in people.values():
        note = Notice.objects.get(user=user, kind="vetting.suspended")
        assert "secret" not in note.body and "open orders" in note.body
        assert letters(user) == 1
    assert "secret" in Notice.objects.get(user=store.owner, kind="vetting.suspended").body


def test_of_papers_that_run_out_those_hear_who_list_goods():
    store = StoreFactory()
    people = team_of(store)
    ProductFactory(store=store, brand="山水")
    shown(store, days=8)
    for _ in range(4):
        wait(days=3)
    for kind in ("vetting.document_ends", "vetting.document_expired"):
        assert told(kind) == {store.owner_id, people["manager"].pk}
    client = Client()
    client.force_login(people["manager"])
    note = Notice.objects.get(user=people["manager"], kind="vetting.document_expired")
    assert client.get(note.url).status_code == 200, "it leads to where his role may go"


def test_who_mutes_a_topic_reads_it_on_the_site_alone_and_others_get_their_letters():
    store = StoreFactory()
    people = team_of(store)
    mutes.mute(store=store, topics=["standing"], actor=actor_of(people["shipper"]))
    suspend(store)
    assert Notice.objects.filter(user=people["shipper"], kind="vetting.suspended").count() == 1
    assert letters(people["shipper"]) == 0
    assert letters(people["support"]) == letters(store.owner) == 1
    mutes.mute(store=store, topics=[], actor=actor_of(people["shipper"]))
    standing.reinstate(store_id=store.pk, reason="Fine.", actor=actor_of(MediatorFactory()), now=clock.now())
    settle()
    assert letters(people["shipper"]) == 1


def test_whom_the_store_belongs_to_cannot_mute_anything():
    """Least of all who joins the team: that is what a thief would do first."""
    store = StoreFactory()
    for topic in ("standing", "documents", "team", "nonsense"):
        with pytest.raises(Invalid):
            mutes.mute(store=store, topics=[topic], actor=actor_of(store.owner))
    TeamMute.objects.create(store=store, user=store.owner, topic="standing")  # of a time before it was his
    suspend(store)
    assert letters(store.owner) == 1


def test_a_role_mutes_only_what_it_is_told_and_a_stranger_nothing():
    store = StoreFactory()
    shipper = works_in(store, "shipper")
    with pytest.raises(Invalid):
        mutes.mute(store=store, topics=["documents"], actor=shipper)
    with pytest.raises(NotFound):
        mutes.mute(store=store, topics=[], actor=actor_of(UserFactory()))


def test_the_team_page_offers_the_topics_of_the_role(client):
    store = StoreFactory()
    user = UserFactory()
    works_in(store, "manager", user)
    client.force_login(user)
    page = client.get(reverse("merchant:team")).content.decode()
    assert [f'value="{topic}"' in page for topic in ("standing", "documents", "team")] == [True, True, False]
    client.post(reverse("merchant:team-notices"), {"topic": ["documents"]})
    assert mutes.muted_by(store, user.pk) == {"standing"}
    client.force_login(store.owner)
    assert reverse("merchant:team-notices") not in client.get(reverse("merchant:team")).content.decode()
    assert client.post(reverse("merchant:team-notices"), {}).status_code == 400
    assert mutes.muted_by(Store.objects.get(pk=store.pk), store.owner_id) == set()


def test_every_kind_has_a_topic_and_every_topic_an_act():
    assert set(NEEDS) == set(Topic)
    assert topic_of("vetting.document_ends") == Topic.DOCUMENTS
    assert topic_of("team.joined") == Topic.TEAM
    assert topic_of("vetting.suspended") == topic_of("vetting.ended") == Topic.STANDING
