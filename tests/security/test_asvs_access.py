"""V8 and V9: doors are closed by role, objects by owner and store, rights change at once, links open one thing."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from accounts.services import links
from accounts.services.links import LinkOver
from core import clock
from core.doors import all_doors
from shop.models import StoreMember
from shop.roles import Role
from shop.services import team
from tests.api.people import token_for
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import actor_of, paid_order
from tests.vetting import works_in
from tests.walk.test_every_url import doors_of

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def lists(guard: str) -> list[str]:
    """Doors of a guard that name no object and can be looked at."""
    paths = [
        door.path for door in all_doors() if door.guard == guard and "<" not in door.path and "GET" in door.methods
    ]
    return [path for path in paths if not path.startswith("/api/")]


@pytest.mark.parametrize(("guard", "at_least"), [("mediator", 15), ("merchant", 15)])
def test_asvs_8_2_1_the_doors_of_a_role_are_closed_to_the_others(guard, at_least):
    paths, merchant = lists(guard), StoreFactory().owner
    others = [UserFactory(), merchant if guard == "mediator" else MediatorFactory()]
    assert len(paths) >= at_least
    for path in paths:
        assert Client().get(path).url.startswith("/accounts/login/"), path
        assert {signed_in(user).get(path).status_code for user in others} == {404}, path


def test_asvs_8_2_1_each_role_of_a_store_does_what_its_table_says_and_no_more():
    store = StoreFactory()
    for role, path, status in (
        (Role.FINANCE, "/merchant/money/", 200), (Role.SHIPPER, "/merchant/money/", 403),
        (Role.SUPPORT, "/merchant/money/", 403), (Role.SHIPPER, "/merchant/orders/", 200),
        (Role.MANAGER, "/merchant/settings/account/", 403), (Role.FINANCE, "/merchant/products/new/", 403),
        (Role.MANAGER, "/merchant/documents/", 403), (Role.OWNER, "/merchant/documents/", 200),
    ):  # fmt: skip
        user = UserFactory()
        works_in(store, role, user)
        assert signed_in(user).get(path).status_code == status, (role, path)


def test_asvs_8_2_2_who_has_orders_of_his_own_gets_nobody_elses(scene):
    """Not somebody with nothing: a buyer, a merchant, with objects of the same kinds."""
    rival = paid_order()
    for person in (rival.buyer, rival.store.owner):
        client, tried = signed_in(person), 0
        for door in doors_of(scene):
            if door.guard == "member" and door.names_an_object and not door.path.startswith("/api/"):
                tried += 1
                for method in ("get", "post"):
                    answer = getattr(client, method)(door.path)
                    assert answer.status_code in (403, 404, 405), (method, door.route, answer.status_code)
        assert tried > 25


def test_asvs_8_4_1_a_store_does_not_reach_into_another(scene):
    rival = paid_order().store.owner
    client, tried, ajar = signed_in(rival), 0, []
    for door in doors_of(scene):
        if door.guard == "merchant" and door.names_an_object and not door.path.startswith("/api/"):
            tried += 1
            status = "listed" if "products/" in door.route else "paused"  # what is asked for before the object
            for method in ("get", "post"):
                answer = getattr(client, method)(door.path, {"role": "shipper", "status": status})
                if "statements/" in door.route:  # named by month: his own
                    assert scene.order.number.encode() not in answer.content
                elif answer.status_code not in (403, 404, 405):
                    ajar.append((method, door.route, answer.status_code))
    assert tried > 20 and not ajar


# --- rights that change -----------------------------------------------------------------------------------------------


def test_asvs_8_3_2_staff_who_are_none_any_more_are_out_with_the_next_request():
    staff = MediatorFactory(is_superuser=True, is_staff=True)
    client = signed_in(staff)
    assert client.get("/console/").status_code == 200 and client.get("/admin/accounts/user/").status_code == 200
    User.objects.filter(pk=staff.pk).update(is_mediator=False, is_superuser=False)
    assert client.get("/console/").status_code == 404
    assert client.get("/admin/accounts/user/", follow=True).status_code == 404


def test_asvs_8_3_2_a_role_in_a_store_changes_and_ends_with_the_next_request():
    store, user = StoreFactory(), UserFactory()
    works_in(store, Role.FINANCE, user)
    client, owner, now = signed_in(user), actor_of(store.owner), clock.now()
    system = {"HTTP_AUTHORIZATION": f"Token {token_for(store, user=user, role='finance')}"}
    balance = "/api/v1/merchant/balance/"
    assert client.get("/merchant/money/").status_code == 200 and Client().get(balance, **system).status_code == 200
    team.change_role(store=store, user_id=user.pk, role=Role.SHIPPER, actor=owner, now=now)
    assert client.get("/merchant/money/").status_code == 403 and Client().get(balance, **system).status_code == 403
    team.remove(store=store, user_id=user.pk, actor=owner, now=now)
    assert client.get("/merchant/").status_code == 404 and Client().get(balance, **system).status_code == 401


def test_asvs_8_3_2_an_account_that_is_closed_is_out_with_the_next_request():
    user = UserFactory()
    client = signed_in(user)
    assert client.get("/me/").status_code == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get("/me/").status_code == 302


# --- links in letters -------------------------------------------------------------------------------------------------

READERS = {
    "not me": (lambda: links.not_me_token(user_id=uuid4(), device_id=None, about="x"), links.read_not_me, 1),
    "stop a change": (lambda: links.stop_token(user_id=uuid4(), change_id=uuid4()), links.read_stop, 3),
    "stop a recovery": (
        lambda: links.recovery_token(uuid4(), salt=links.RECOVERY_STOP),
        lambda token: links.read_recovery(token, salt=links.RECOVERY_STOP), 14,
    ),
    "prove a phone": (
        lambda: links.recovery_token(uuid4(), salt=links.RECOVERY_PHONE),
        lambda token: links.read_recovery(token, salt=links.RECOVERY_PHONE), 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_asvs_9_1_1_a_link_that_was_touched_says_nothing(name):
    made, read, _days = READERS[name]
    token = made()
    read(token)
    body, stamp, sign = token.rsplit(":", 2)
    other = made().rsplit(":", 2)
    for bad in (
        "", ":", "::", token[:-1], f"{token}0", f"{body}:{stamp}", f"{body}:{stamp}:", f"{other[0]}:{stamp}:{sign}",
        f"{body}:zzzzzz:{sign}", f"{body}:{stamp}:{other[2]}", token.upper(), "\u202e" + token,
    ):  # fmt: skip
        with pytest.raises(LinkOver):
            read(bad)


@pytest.mark.parametrize("name", READERS)
def test_asvs_9_2_1_a_link_is_over_on_its_day(name, monkeypatch):
    import time

    made, read, days = READERS[name]
    token, now = made(), time.time()
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + days * 86_400 - 60)
    read(token)
    monkeypatch.setattr("django.core.signing.time.time", lambda: now + days * 86_400 + 60)
    with pytest.raises(LinkOver):
        read(token)


@pytest.mark.parametrize("name", READERS)
def test_asvs_9_2_2_a_link_of_one_purpose_is_none_of_the_others(name):
    made, _read, _days = READERS[name]
    token = made()
    for other, (_made, read, _time) in READERS.items():
        if other != name:
            with pytest.raises(LinkOver):
                read(token)


def test_asvs_9_2_2_an_invitation_of_one_is_nobody_elses():
    """Saleor CVE-2026-35407: a token of A in the session of B."""
    store, invited, other = StoreFactory(), UserFactory(), UserFactory()
    row = team.invite(
        store=store, to=str(invited.email), role=Role.FINANCE, actor=actor_of(store.owner), now=clock.now()
    )
    token = team.token_of(row)
    assert signed_in(other).post(f"/join/{token}/").status_code in (403, 404, 410)
    assert not StoreMember.objects.filter(user=other).exists()
    with clock.at(clock.now() + timedelta(days=8)):
        assert signed_in(invited).post(f"/join/{token}/").status_code in (404, 409, 410)
