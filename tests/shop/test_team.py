"""Roles in a store, cell by cell: what each may do, at the page, in the API and in the service; joining and leaving."""

from __future__ import annotations

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, Notice
from core import clock
from core.actor import Actor
from core.errors import DomainError, Invalid, NotFound
from core.models import AuditEntry
from flows import aftersale, cancellation, fulfilment, late_refunds, payouts, release
from shop.errors import AlreadyInTeam, InvitationGone, LastOwner, NotForYou, NotYourPart
from shop.models import Store, StoreMember
from shop.queries.stores import store_of, stores_of
from shop.roles import MAY, Act, Role
from shop.services import applications, keys, products, team
from shop.services.stores import set_return_policy
from tests.api.people import ask, system_of
from tests.factories.accounts import UserFactory
from tests.factories.shop import ProductFactory, StoreFactory
from tests.fresh import let_time_pass
from tests.stories import (
    actor_of,
    delivered_order,
    open_case,
    paid_order,
    sandbox_carrier,
    settle,
    wait,
)

pytestmark = pytest.mark.django_db


def works(store: Store, role: str, user=None) -> Actor:
    user = user or UserFactory()
    StoreMember.objects.create(store=store, user=user, role=role, joined_at=clock.now())
    return actor_of(user)


# --- the table --------------------------------------------------------------------------------------------------------


def test_the_table_says_what_each_role_is_for():
    assert MAY[Role.OWNER] == frozenset(Act)
    assert MAY[Role.MANAGER] == frozenset(Act) - {Act.APPLY, Act.ACCOUNT, Act.TEAM, Act.KEYS}
    assert {act for act in Act if act in MAY[Role.SHIPPER]} == {Act.LOOK, Act.SHIP}
    for role in set(Role) - {Role.OWNER}:
        assert not MAY[role] & {Act.ACCOUNT, Act.TEAM, Act.APPLY, Act.KEYS}, "what a thief would want stays with owners"


SERVICES = {
    Act.SHIP: lambda o, a: fulfilment.ship(
        order_id=o.pk, store_id=o.store_id, carrier_code="sandbox", number=f"TS{o.number}", weight_g=1, photos=(),
        actor=a, now=clock.now(),
    ),
    Act.CANCEL: lambda o, a: cancellation.cancel(order_id=o.pk, reason="", actor=a, now=clock.now()),
    Act.GRANT: lambda o, a: release.grant_time(order_id=o.pk, store_id=o.store_id, days=3, actor=a, now=clock.now()),
    Act.ANSWER: lambda o, a: aftersale.say(case_id=o.cases.get().pk, text="Hello", actor=a, now=clock.now()),
    Act.GIVE_BACK: lambda o, a: late_refunds.give_back(
        order_id=o.pk, amount_minor=1, reason="", actor=a, now=clock.now()
    ),
    Act.PRODUCTS: lambda o, a: products.set_stock(
        store_id=o.store_id, variant_id=o.lines.get().variant_id, stock=5, seen=5, actor=a
    ),
    Act.PAY_OUT: lambda o, a: payouts.ask_for_payout(store_id=o.store_id, actor=a, now=clock.now()),
    Act.SETTINGS: lambda o, a: set_return_policy(store_id=o.store_id, text="x", text_en="", actor=a),
    Act.ACCOUNT: lambda o, a: payouts.choose_account(
        store_id=o.store_id, bank="B", holder="H", number="62220202000012", actor=a, now=clock.now()
    ),
    Act.TEAM: lambda o, a: team.invite(store=o.store, to="a@example.com", role="shipper", actor=a, now=clock.now()),
    Act.KEYS: lambda o, a: keys.make_key(
        store=o.store, name="ERP", role="shipper", days=90, actor=a, now=clock.now()
    ),
    Act.APPLY: lambda o, a: applications.save_brands(store=o.store, brands=[], actor=a, now=clock.now()),
}  # fmt: skip


@pytest.fixture
def order(request):
    act = getattr(request, "param", Act.SHIP)
    if act == Act.GRANT:
        return delivered_order()
    if act == Act.GIVE_BACK:
        done = delivered_order()
        release.confirm_receipt(order_id=done.pk, actor=Actor(user_id=done.buyer_id), now=clock.now())
        done.refresh_from_db()
        return done
    made = paid_order()
    sandbox_carrier(made.store_id)
    if act == Act.ANSWER:
        open_case(made)
    return made


@pytest.mark.parametrize(("order", "act"), [(act, act) for act in SERVICES], indirect=["order"])
def test_the_service_itself_asks_for_the_role(order, act):
    """Every cell of the table, asked of the service without any page before it."""
    with pytest.raises(NotFound):
        SERVICES[act](order, actor_of(UserFactory()))
    for role in [role for role in Role if act not in MAY[role]]:
        with pytest.raises(NotYourPart):
            SERVICES[act](order, works(order.store, role))
    allowed = next(role for role in reversed(Role) if act in MAY[role])
    refused: object = None
    try:
        SERVICES[act](order, works(order.store, allowed))
    except DomainError as fault:  # there may be no application to fill in; the role was enough
        refused = fault
    assert not isinstance(refused, NotYourPart | NotFound), f"{allowed} may {act}"


PAGES = {
    Act.LOOK: ("merchant:home", "merchant:orders", "merchant:team", "merchant:stores"),
    Act.SHIP: ("merchant:shipping", "merchant:shipping-template"),
    Act.ANSWER: ("merchant:cases",),
    Act.PRODUCTS: ("merchant:products", "merchant:product-new"),
    Act.MONEY: ("merchant:money", "merchant:statements", "merchant:money-print", "merchant:money-export"),
    Act.SETTINGS: ("merchant:settings",),
    Act.APPLY: ("merchant:documents", "merchant:apply"),
    Act.ACCOUNT: ("merchant:account", "merchant:trial"),
    Act.KEYS: ("merchant:keys",),
}


@pytest.mark.parametrize("role", list(Role))
def test_the_pages_follow_the_table(role):
    store = StoreFactory()
    user = UserFactory()
    works(store, role, user)
    client = Client()
    client.force_login(user)
    for act, names in PAGES.items():
        for name in names:
            status = client.get(reverse(name)).status_code
            assert (status != 403) == (act in MAY[role]), (role, name, status)
            assert status in (200, 302, 403)
    assert client.post(reverse("merchant:team-invite"), {"to": "x@example.com", "role": "owner"}).status_code == (
        302 if role == Role.OWNER else 403
    )


def test_a_shipper_sees_no_balance_on_his_home_page():
    store = StoreFactory()
    user = UserFactory()
    works(store, Role.SHIPPER, user)
    client = Client()
    client.force_login(user)
    context = client.get(reverse("merchant:home")).context
    assert context["money"] == []
    assert context["todo"] == []


# --- tokens -----------------------------------------------------------------------------------------------------------

API = {
    "/merchant/orders/": Act.LOOK, "/merchant/products/": Act.PRODUCTS, "/merchant/balance/": Act.MONEY,
    "/merchant/statement/": Act.MONEY,
}  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_a_token_acts_as_its_role_and_keeps_to_its_store(role):
    store, other = StoreFactory(), StoreFactory()
    StoreMember.objects.create(store=other, user=store.owner, role="owner", joined_at=clock.now())
    client = system_of(store, role=role)
    for path, act in API.items():
        assert ask(client, "get", path).status == (200 if act in MAY[role] else 403), (role, path)
    mine, theirs = (
        paid_order(variant=ProductFactory(store=store).variants.get()),
        paid_order(variant=ProductFactory(store=other).variants.get()),
    )
    numbers = {row["number"] for row in ask(client, "get", "/merchant/orders/").data["results"]}
    assert numbers == {mine.number}
    sandbox_carrier(store.pk)
    body = {"carrier": "sandbox", "tracking_number": "TS0000099999"}
    assert ask(client, "post", f"/merchant/orders/{theirs.number}/shipments/", body).status in (403, 404)
    answer = ask(client, "post", f"/merchant/orders/{mine.number}/shipments/", body)
    assert answer.status == (201 if Act.SHIP in MAY[role] else 403)


def test_a_token_does_no_more_than_who_made_it_may_do_now():
    store = StoreFactory()
    user = UserFactory()
    works(store, Role.MANAGER, user)
    client = system_of(store, user=user, role="manager")
    assert ask(client, "get", "/merchant/balance/").status == 200
    team.change_role(store=store, user_id=user.pk, role="shipper", actor=actor_of(store.owner), now=clock.now())
    assert ask(client, "get", "/merchant/balance/").status == 403
    team.remove(store=store, user_id=user.pk, actor=actor_of(store.owner), now=clock.now())
    assert ask(client, "get", "/merchant/orders/").status == 401
    assert ApiToken.objects.get().revoked_at is not None


def test_the_service_knows_the_tokens_role_too():
    order = paid_order()
    sandbox_carrier(order.store_id)
    narrow = Actor(user_id=order.store.owner_id, token_role="finance")
    with pytest.raises(NotYourPart):
        SERVICES[Act.SHIP](order, narrow)


# --- invitations ------------------------------------------------------------------------------------------------------


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
    works(store, Role.MANAGER, user)
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
    works(store, Role.OWNER, second)
    with pytest.raises(LastOwner):
        team.remove(store=store, user_id=owner.pk, actor=actor_of(second), now=clock.now())
    team.remove(store=store, user_id=owner.pk, actor=actor_of(owner), now=clock.now())
    fresh = Store.objects.get(pk=store.pk)
    assert (fresh.owner_id, fresh.role_of(owner.pk), fresh.role_of(second.pk)) == (second.pk, "", "owner")
    assert fresh.was_here(owner.pk), "what he did stays the store's doing"


def test_anybody_but_the_principal_may_leave_by_himself(store):
    user = UserFactory()
    works(store, Role.SUPPORT, user)
    team.remove(store=store, user_id=user.pk, actor=actor_of(user), now=clock.now())
    assert store.role_of(user.pk) == ""
    with pytest.raises(NotYourPart):
        team.remove(
            store=store, user_id=works(store, Role.SHIPPER).user_id, actor=works(store, Role.MANAGER), now=clock.now()
        )
    assert AuditEntry.objects.filter(act="team.left").count() == 1


def test_who_works_in_several_stores_switches(client):
    first, second, strange = StoreFactory(), StoreFactory(), StoreFactory()
    user = UserFactory()
    works(first, Role.SHIPPER, user)
    works(second, Role.MANAGER, user)
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
        assert answer.status_code in (403, 429) and answer.context["purpose"], "the page that asks who is there"
        assert "62220202000012" not in str(dict(client.session)), "nothing that was typed is parked in the session"
    assert not store.invitations.exists()
