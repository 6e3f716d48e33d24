"""Joining a team by invitation, and leaving it: what changes works with the next click."""

from __future__ import annotations

import pytest
from django.core import signing
from django.urls import reverse

from accounts.models import Notice
from core import clock
from core.errors import Invalid
from core.models import AuditEntry
from shop.errors import AlreadyInTeam, InvitationGone, LastOwner, NotForYou, NotYourPart
from shop.models import Store
from shop.queries.stores import store_of, stores_of
from shop.roles import Role
from shop.services import team
from tests.factories.accounts import UserFactory
from tests.factories.shop import StoreFactory
from tests.fresh import let_time_pass
from tests.stories import (
    actor_of,
    settle,
    wait,
)
from tests.vetting import works_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return StoreFactory()


def invited(store, to, role="shipper"):
    return team.invite(store=store, to=to, role=role, actor=actor_of(store.owner), now=clock.now())


def test_an_invitation_by_mail_is_accepted_once_by_the_one_it_was_sent_to(store, client, mailoutbox):
    somebody = UserFactory(email="li@example.com")
    row = invited(store, "Li@Example.com")
    settle()
    path = reverse("shop:join", args=[team.token_of(row)])
    assert path in mailoutbox[-1].body and mailoutbox[-1].to == ["li@example.com"]
    client.force_login(UserFactory())
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404
    client.force_login(somebody)
    assert client.get(path).status_code == 200
    assert client.post(path)["Location"] == reverse("merchant:home")
    assert store.role_of(somebody.pk) == "shipper"
    assert client.get(reverse("merchant:home")).context["my_store"].pk == store.pk
    with pytest.raises(InvitationGone):
        team.join(token=team.token_of(row), actor=actor_of(somebody), now=clock.now())


def test_an_invitation_by_phone_goes_to_that_number(store):
    somebody = UserFactory(phone="+8613800138222")
    row = invited(store, "138 0013 8222")
    assert row.phone == "+8613800138222"
    team.join(token=team.token_of(row), actor=actor_of(somebody), now=clock.now())
    settle()
    assert Notice.objects.filter(user=store.owner, kind="team.joined").exists()


def test_an_address_that_is_not_proven_is_not_his(store):
    somebody = UserFactory(email=None, phone="+8613800138333")
    somebody.phone_verified = False
    somebody.save()
    row = invited(store, "+8613800138333")
    with pytest.raises(NotForYou):
        team.join(token=team.token_of(row), actor=actor_of(somebody), now=clock.now())


def test_a_link_that_was_changed_or_made_elsewhere_opens_nothing(store):
    somebody = UserFactory()
    link = team.token_of(invited(store, somebody.email))
    forged = signing.dumps([str(store.pk), somebody.email], salt="another purpose")
    for bad in (link[:-2] + "xx", forged, "", "x", "." * 300):
        with pytest.raises(InvitationGone):
            team.invitation_of(bad, user_id=somebody.pk)


def test_an_invitation_runs_out_and_can_be_taken_back(store):
    somebody, other = UserFactory(), UserFactory()
    late, gone = invited(store, somebody.email), invited(store, other.email)
    team.revoke(store=store, invitation_id=gone.pk, actor=actor_of(store.owner), now=clock.now())
    with pytest.raises(InvitationGone):
        team.join(token=team.token_of(gone), actor=actor_of(other), now=clock.now())
    link = team.token_of(late)
    wait(days=8)
    late.refresh_from_db()
    assert late.status == "expired"
    with pytest.raises(InvitationGone):
        team.join(token=link, actor=actor_of(somebody), now=clock.now())


def test_nobody_is_invited_twice_or_joins_twice(store):
    somebody = UserFactory()
    invited(store, somebody.email)
    with pytest.raises(Invalid):
        invited(store, somebody.email)
    by_phone = invited(store, somebody.phone)
    team.join(token=team.token_of(by_phone), actor=actor_of(somebody), now=clock.now())
    row = store.invitations.get(status="open")
    with pytest.raises(AlreadyInTeam):
        team.join(token=team.token_of(row), actor=actor_of(somebody), now=clock.now())


@pytest.mark.parametrize("bad", ["", "abc", "12", "a@", "@b", "\x00", "长" * 300, "9" * 60])
def test_what_is_no_address_is_refused(store, bad):
    with pytest.raises(Invalid):
        invited(store, bad)


# --- roles, leaving ---------------------------------------------------------------------------------------------------


def test_a_changed_or_lost_place_counts_with_the_next_click(store, client):
    user = UserFactory()
    works_in(store, Role.MANAGER, user)
    client.force_login(user)
    money = reverse("merchant:money")
    assert client.get(money).status_code == 200
    team.change_role(store=store, user_id=user.pk, role="shipper", actor=actor_of(store.owner), now=clock.now())
    assert client.get(money).status_code == 403
    team.remove(store=store, user_id=user.pk, actor=actor_of(store.owner), now=clock.now())
    assert client.get(money).status_code == 404
    settle()
    assert Notice.objects.filter(user=user, kind="team.removed").exists()


def test_the_last_owner_cannot_leave_and_another_inherits(store):
    owner = store.owner
    with pytest.raises(LastOwner):
        team.remove(store=store, user_id=owner.pk, actor=actor_of(owner), now=clock.now())
    second = UserFactory()
    works_in(store, Role.OWNER, second)
    with pytest.raises(LastOwner):
        team.remove(store=store, user_id=owner.pk, actor=actor_of(second), now=clock.now())
    team.remove(store=store, user_id=owner.pk, actor=actor_of(owner), now=clock.now())
    fresh = Store.objects.get(pk=store.pk)
    assert (fresh.owner_id, fresh.role_of(owner.pk), fresh.role_of(second.pk)) == (second.pk, "", "owner")
    assert fresh.was_here(owner.pk), "what he did stays the store's doing"


def test_anybody_but_the_principal_may_leave_by_himself(store):
    user = UserFactory()
    works_in(store, Role.SUPPORT, user)
    team.remove(store=store, user_id=user.pk, actor=actor_of(user), now=clock.now())
    assert store.role_of(user.pk) == ""
    with pytest.raises(NotYourPart):
        team.remove(
            store=store,
            user_id=works_in(store, Role.SHIPPER).user_id,
            actor=works_in(store, Role.MANAGER),
            now=clock.now(),
        )
    assert AuditEntry.objects.filter(act="team.left").count() == 1


def test_who_works_in_several_stores_switches(client):
    first, second, strange = StoreFactory(), StoreFactory(), StoreFactory()
    user = UserFactory()
    works_in(first, Role.SHIPPER, user)
    works_in(second, Role.MANAGER, user)
    client.force_login(user)
    assert {row.pk for row in stores_of(user_id=user.pk)} == {first.pk, second.pk}
    page = reverse("merchant:stores")
    assert client.get(reverse("merchant:home")).context["my_store"].pk == first.pk
    assert client.get(reverse("merchant:money")).status_code == 403
    assert client.post(page, {"store": str(second.pk)}).status_code == 302
    assert client.get(reverse("merchant:money")).status_code == 200
    assert client.post(page, {"store": str(strange.pk)}).status_code == 404
    team.remove(store=second, user_id=user.pk, actor=actor_of(second.owner), now=clock.now())
    assert client.get(reverse("merchant:home")).context["my_store"].pk == first.pk
    assert store_of(user_id=user.pk, chosen=str(second.pk)).pk == first.pk


def test_sensitive_acts_of_the_team_ask_for_the_password_again(store, client):
    client.force_login(store.owner)
    let_time_pass(client)
    for path, data in (
        (reverse("merchant:team-invite"), {"to": "x@example.com", "role": "owner"}),
        (reverse("merchant:account"), {"bank": "B", "holder": "H", "number": "62220202000012"}),
    ):
        answer = client.post(path, data)
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
        assert "62220202000012" not in str(dict(client.session)), "nothing that was typed is parked in the session"
    assert not store.invitations.exists()
