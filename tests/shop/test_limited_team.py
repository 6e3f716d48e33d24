"""A limited account in a team: it brings nobody in, puts nobody out, and moves no money."""

from __future__ import annotations

import pytest

from accounts.models import User
from accounts.services.standing import AccountLimited
from accounts.states import Standing
from core import clock
from core.actor import Actor
from escrow.models import PayoutAccount
from escrow.services import account_reminders
from flows import late_refunds, payouts, release
from shop.errors import InvitationGone, TeamHeld
from shop.models import StoreMember
from shop.roles import Role
from shop.services import team
from tests.factories.accounts import UserFactory
from tests.factories.escrow import payout_account
from tests.factories.shop import StoreFactory
from tests.stories import actor_of, delivered_order

pytestmark = pytest.mark.django_db


def works(store, role):
    user = UserFactory()
    StoreMember.objects.create(store=store, user=user, role=role, joined_at=clock.now())
    return actor_of(user)


def limited(user):
    User.objects.filter(pk=user.pk).update(standing=Standing.LIMITED)
    return actor_of(user)


def test_a_limited_owner_brings_nobody_in_and_puts_nobody_out():
    """A thief would invite himself as a second owner, whose account is not limited."""
    store, helper = StoreFactory(), UserFactory()
    StoreMember.objects.create(store=store, user=helper, role=Role.SHIPPER, joined_at=clock.now())
    actor = limited(store.owner)
    for act in (
        lambda: team.invite(store=store, to="thief@example.com", role=Role.OWNER, actor=actor, now=clock.now()),
        lambda: team.change_role(store=store, user_id=helper.pk, role=Role.OWNER, actor=actor, now=clock.now()),
        lambda: team.remove(store=store, user_id=helper.pk, actor=actor, now=clock.now()),
    ):
        with pytest.raises(AccountLimited):
            act()
    assert not store.invitations.exists() and store.role_of(helper.pk) == Role.SHIPPER


def test_an_invitation_from_before_its_owner_was_limited_opens_nothing_while_he_is():
    store, guest = StoreFactory(), UserFactory(phone="+8613900139777")
    row = team.invite(store=store, to=guest.phone, role=Role.OWNER, actor=actor_of(store.owner), now=clock.now())
    limited(store.owner)
    with pytest.raises(TeamHeld):
        team.join(token=team.token_of(row), actor=actor_of(guest), now=clock.now())
    User.objects.filter(pk=store.owner_id).update(standing=Standing.NORMAL)
    assert team.join(token=team.token_of(row), actor=actor_of(guest), now=clock.now()).role == Role.OWNER


@pytest.mark.parametrize("role", [Role.FINANCE, Role.OWNER])
def test_a_limited_account_moves_no_money_out_of_a_store(role):
    order = delivered_order()
    release.confirm_receipt(order_id=order.pk, actor=Actor(user_id=order.buyer_id), now=clock.now())
    actor = limited(order.store.owner) if role == Role.OWNER else works(order.store, role)
    User.objects.filter(pk=actor.user_id).update(standing=Standing.LIMITED)
    with pytest.raises(AccountLimited):
        payouts.ask_for_payout(store_id=order.store_id, actor=actor, now=clock.now())
    with pytest.raises(AccountLimited):
        late_refunds.give_back(order_id=order.pk, amount_minor=1, reason="", actor=actor, now=clock.now())


def test_an_invitation_of_somebody_who_may_invite_no_more_opens_nothing():
    store, guest = StoreFactory(), UserFactory(phone="+8613900139777")
    thief = works(store, Role.OWNER)
    row = team.invite(store=store, to=guest.phone, role=Role.OWNER, actor=thief, now=clock.now())
    team.remove(store=store, user_id=thief.user_id, actor=actor_of(store.owner), now=clock.now())
    with pytest.raises(InvitationGone):
        team.join(token=team.token_of(row), actor=actor_of(guest), now=clock.now())


def test_a_limited_account_does_not_put_the_question_about_its_payout_account_to_rest():
    store = StoreFactory()
    payout_account(store.pk)
    before = PayoutAccount.objects.get().remind_at
    with pytest.raises(AccountLimited):
        account_reminders.keep(store.pk, actor=limited(store.owner), now=clock.now())
    assert PayoutAccount.objects.get().remind_at == before
