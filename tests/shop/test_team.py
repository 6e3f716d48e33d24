"""Roles in a store, cell by cell: what each may do, at the page, in the API and in the service; joining and leaving."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import ApiToken
from core import clock
from core.actor import SYSTEM, Actor
from core.errors import DomainError, NotFound
from core.models import AuditEntry
from disputes.views.seats import party_of
from escrow.errors import FourEyes
from escrow.services import holds
from escrow.services.payouts import prepare_payout
from flows import aftersale, bulk_shipping, cancellation, fulfilment, late_refunds, payouts, purchase, release
from flows.errors import OwnGoods
from flows.stories import tell
from shop.errors import NotYourPart
from shop.models import StoreMember
from shop.roles import MAY, Act, Role
from shop.services import applications, products, team
from shop.services.stores import set_return_policy
from tests.api.people import ask, system_of
from tests.factories.accounts import AddressFactory, MediatorFactory, UserFactory
from tests.factories.escrow import held, payout_account
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import (
    actor_of,
    delivered_order,
    fill_cart,
    open_case,
    paid_order,
    sandbox_carrier,
)
from tests.vetting import works_in

pytestmark = pytest.mark.django_db


# --- the table --------------------------------------------------------------------------------------------------------


def test_the_table_says_what_each_role_is_for():
    assert MAY[Role.OWNER] == frozenset(Act)
    assert MAY[Role.MANAGER] == frozenset(Act) - {Act.APPLY, Act.ACCOUNT, Act.TEAM}
    assert {act for act in Act if act in MAY[Role.SHIPPER]} == {Act.LOOK, Act.SHIP}
    for role in set(Role) - {Role.OWNER}:
        assert not MAY[role] & {Act.ACCOUNT, Act.TEAM, Act.APPLY}, "what a thief would want stays with owners"


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
            SERVICES[act](order, works_in(order.store, role))
    allowed = next(role for role in reversed(Role) if act in MAY[role])
    refused: object = None
    try:
        SERVICES[act](order, works_in(order.store, allowed))
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
}


@pytest.mark.parametrize("role", list(Role))
def test_the_pages_follow_the_table(role):
    store = StoreFactory()
    user = UserFactory()
    works_in(store, role, user)
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
    works_in(store, Role.SHIPPER, user)
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
    works_in(store, Role.MANAGER, user)
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


@pytest.fixture
def store():
    return StoreFactory()


# --- who belongs to a store -------------------------------------------------------------------------------------------


def test_who_works_in_a_store_does_not_buy_from_it(store):
    """Abuse 11: no trade, but what would make a store look good."""
    helper = UserFactory()
    works_in(store, Role.SHIPPER, helper)
    variant = ProductFactory(store=store).variants.get()
    cart = fill_cart(helper, variant)
    with pytest.raises(OwnGoods):
        purchase.place(
            buyer_id=helper.pk, cart_id=cart.pk, line_ids=None, address_id=AddressFactory(user=helper).pk, note="",
            seen_total_minor=variant.price_minor, actor=actor_of(helper), now=clock.now(),
        )  # fmt: skip


def test_who_works_in_a_store_is_no_second_pair_of_eyes_on_its_money(settings):
    settings.PAYOUT_APPROVAL_MINOR = 100
    hold = held(10_000)
    payout_account(hold.order.store_id)
    holds.release(order_id=hold.order_id, actor=SYSTEM, reason="received", now=clock.now())
    payout = prepare_payout(store_id=hold.order.store_id, actor=SYSTEM, now=clock.now())
    staff = MediatorFactory()
    works_in(hold.order.store, Role.FINANCE, staff)
    with pytest.raises(FourEyes):
        payouts.approve(payout_id=payout.pk, actor=actor_of(staff), now=clock.now())


def test_a_mediator_who_works_in_the_store_sits_as_its_merchant_and_does_not_rule():
    order = paid_order()
    case = open_case(order)
    staff = MediatorFactory()
    works_in(order.store, Role.SUPPORT, staff)
    assert party_of(case, actor_of(staff)) == "merchant"
    with pytest.raises(NotFound):
        aftersale.rule(
            case_id=case.pk, refund_minor=0, fault="buyer", article="1.1", reasons="x" * 30, actor=actor_of(staff),
            now=clock.now(),
        )  # fmt: skip


def test_what_a_helper_did_is_the_merchants_doing_in_the_story_also_after_he_has_left():
    order = delivered_order()
    helper = works_in(order.store, Role.SUPPORT)
    release.grant_time(order_id=order.pk, store_id=order.store_id, days=3, actor=helper, now=clock.now())
    team.remove(store=order.store, user_id=helper.user_id, actor=actor_of(order.store.owner), now=clock.now())
    entry = AuditEntry.objects.get(act="order.granted")
    with translation.override("en"):
        assert [line.who for line in tell([entry], viewer="buyer", order=order)] == ["Merchant"]


def test_a_bulk_import_is_a_shippers_work(store):
    raw = b"order_number,carrier,tracking_number,weight_g\n1,sandbox,TS1,500\n"
    said = {"store_id": store.pk, "raw": raw, "filename": "a.csv", "now": clock.now()}
    job = bulk_shipping.prepare(actor=works_in(store, Role.SHIPPER), **said)
    finance = works_in(store, Role.FINANCE)
    with pytest.raises(NotYourPart):
        bulk_shipping.prepare(actor=finance, **said)
    with pytest.raises(NotYourPart):
        bulk_shipping.commit(job_id=job.pk, store_id=store.pk, actor=finance, now=clock.now())
