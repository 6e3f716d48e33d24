"""Keys of a store's other systems: made by an owner who has confirmed it, shown once, closed at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import ApiToken, Notice, OutgoingMessage
from accounts.services import standing
from accounts.services.standing import AccountLimited
from accounts.services.step_up import Act, digest_of
from accounts.states import Standing
from core import clock
from core.actor import SYSTEM
from core.errors import Invalid, NotFound
from core.models import AuditEntry
from shop.errors import KeyNameTaken, NotYourPart, TooManyKeys
from shop.models import StoreMember
from shop.roles import Role
from shop.services.keys import MOST, make_key, revoke_key
from tests.accounts.proofs import confirm_page, prove
from tests.api.people import ask, client_of, token_for
from tests.factories.accounts import UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import actor_of, settle, wait

pytestmark = pytest.mark.django_db
KEYS = "/merchant/settings/keys/"
SAID = {"name": "Warehouse", "role": "shipper", "days": "90"}
ASKS = (403, 429)  # the page that asks; a second code within a minute is not sent


@pytest.fixture
def store():
    return StoreFactory()


@pytest.fixture
def owner(store):
    client = Client(headers={"accept-language": "en"})
    client.force_login(store.owner)
    return client


def made(store, **more):
    facts = {"name": "Warehouse", "role": "shipper", "days": 90, "actor": actor_of(store.owner), "now": clock.now()}
    return make_key(store=store, **{**facts, **more})


def system_with(secret: str):
    system = client_of()
    system.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    return system


def test_a_key_is_made_after_a_proof_and_shown_once(owner, store):
    asked = owner.post(KEYS, SAID)
    assert asked.status_code == 403 and not ApiToken.objects.exists()
    answer = confirm_page(owner, asked, to=store.owner.phone)
    secret = answer.context["made"]["secret"]
    assert answer.status_code == 200 and secret in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    assert secret not in owner.get(KEYS).content.decode()
    assert secret not in str(ApiToken.objects.values().get())
    assert ask(system_with(secret), "get", "/merchant/orders/").status == 200
    assert ask(system_with(secret), "get", "/merchant/balance/").status == 403, "it ships, and sees no money"
    row = ApiToken.objects.get()
    assert row.expires_at == row.created_at + timedelta(days=90)
    assert "Warehouse" in owner.get(KEYS).content.decode()


def test_a_proof_for_one_key_makes_no_other(owner, store):
    prove(owner, store.owner, Act("api_token", target=digest_of(store.pk, "Warehouse", "shipper", 90)))
    assert owner.post(KEYS, SAID | {"role": "manager"}).status_code in ASKS
    assert owner.post(KEYS, SAID | {"name": "Other"}).status_code in ASKS
    assert not ApiToken.objects.exists()
    assert owner.post(KEYS, SAID).status_code == 200
    ApiToken.objects.update(revoked_at=clock.now())
    assert owner.post(KEYS, SAID).status_code in ASKS, "it is spent"


def test_owners_are_told_by_message_and_mail_and_it_is_on_record(store):
    row, _secret = made(store)
    settle()
    note = Notice.objects.get(user=store.owner, kind="store.key_made")
    assert "Warehouse" in note.subject
    assert OutgoingMessage.objects.filter(to=store.owner.email, subject=note.subject).exists()
    assert note.url == reverse("merchant:keys")
    entry = AuditEntry.objects.get(act="api_token.made")
    assert (entry.user_id, entry.subject) == (store.owner_id, str(row.pk))
    assert entry.facts == {"store": str(store.pk), "name": "Warehouse", "role": "shipper"}


def test_a_key_is_closed_after_a_second_look_and_its_system_is_out(owner, store):
    row, secret = made(store)
    page = reverse("merchant:key-revoke", args=[row.pk])
    assert "Warehouse" in owner.get(page).content.decode()
    assert ask(system_with(secret), "get", "/merchant/orders/").status == 200, "looking closes nothing"
    assert owner.post(page).status_code == 302
    assert ask(system_with(secret), "get", "/merchant/orders/").status == 401
    assert owner.post(page).status_code == 404
    settle()
    assert Notice.objects.filter(user=store.owner, kind="store.key_closed").count() == 1
    assert AuditEntry.objects.filter(act="api_token.revoked", subject=str(row.pk)).count() == 1


def test_only_owners_see_and_make_them(store):
    for role in set(Role) - {Role.OWNER}:
        user = UserFactory()
        StoreMember.objects.create(store=store, user=user, role=role, joined_at=clock.now())
        client = Client()
        client.force_login(user)
        assert client.get(KEYS).status_code == 403
        with pytest.raises(NotYourPart):
            made(store, actor=actor_of(user))
    with pytest.raises(NotFound):
        made(store, actor=actor_of(UserFactory()))


def test_a_key_makes_no_keys(store):
    from core.actor import Actor

    with pytest.raises(NotYourPart):
        made(store, actor=Actor(user_id=store.owner_id, token_role=Role.MANAGER))


def test_the_key_of_another_store_is_not_there(owner):
    other = StoreFactory()
    row, _secret = made(other)
    page = reverse("merchant:key-revoke", args=[row.pk])
    assert owner.get(page).status_code == owner.post(page).status_code == 404
    assert "Warehouse" not in owner.get(KEYS).content.decode()
    stranger = StoreFactory()
    with pytest.raises(NotFound):
        revoke_key(store=stranger, token_id=row.pk, actor=actor_of(stranger.owner), now=clock.now())
    row.refresh_from_db()
    assert row.revoked_at is None


def test_a_store_has_at_most_ten_and_each_name_once(store):
    made(store)
    with pytest.raises(KeyNameTaken):
        made(store, name=" Warehouse ")
    for number in range(MOST - 1):
        token_for(store, expires_at=clock.now() + timedelta(days=number + 1))
    with pytest.raises(TooManyKeys):
        made(store, name="One more")
    wait(days=2)
    made(store, name="One more")  # what has run out does not count


def test_the_page_says_why_a_key_was_not_made(owner, store):
    made(store)
    answer = owner.post(KEYS, SAID)
    assert answer.status_code == 422 and "works already" in answer.content.decode()
    for wrong in ({"role": "owner"}, {"days": "36500"}, {"name": " "}, {"days": "x"}, {"name": "n" * 61}):
        assert owner.post(KEYS, SAID | wrong).status_code == 422, wrong
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"role": "owner"}, {"days": 36_500}, {"name": ""}, {"role": "x"}])
def test_the_service_takes_no_other_roles_and_times(store, wrong):
    with pytest.raises(Invalid):
        made(store, **wrong)


def test_a_limited_owner_makes_none_and_may_close_them(owner, store):
    row, _secret = made(store)
    standing.change(user_id=store.owner_id, to=Standing.LIMITED, actor=SYSTEM, reason="alarm", now=clock.now())
    with pytest.raises(AccountLimited):
        made(store, name="Other")
    revoke_key(store=store, token_id=row.pk, actor=actor_of(store.owner), now=clock.now())
    row.refresh_from_db()
    assert row.revoked_at is not None


def test_an_empty_page_teaches_and_ended_keys_stay_visible(owner, store):
    assert "No keys yet" in owner.get(KEYS).content.decode()
    made(store, days=30)
    wait(days=31)
    html = owner.get(KEYS).content.decode()
    assert "No keys yet" in html and "Keys that have ended" in html and "Warehouse" in html


def test_ten_keys_cost_no_more_queries_than_one(owner, store, django_assert_max_num_queries):
    made(store)
    with translation.override("en"):
        for number in range(MOST - 1):
            token_for(store, user=UserFactory(), expires_at=clock.now() + timedelta(days=number + 1))
    with django_assert_max_num_queries(12):
        owner.get(KEYS)
