"""Who belongs to a store is on its side: he buys nothing there, and neither approves its money nor rules on it."""

from __future__ import annotations

import pytest
from django.utils import translation

from core import clock
from core.actor import SYSTEM, Actor
from core.errors import NotFound
from core.models import AuditEntry
from disputes.views.seats import party_of
from escrow.errors import FourEyes
from escrow.services import holds
from escrow.services.payouts import prepare_payout
from flows import aftersale, bulk_shipping, payouts, purchase, release
from flows.errors import OwnGoods
from flows.stories import tell
from shop.errors import NotYourPart
from shop.models import Store, StoreMember
from shop.roles import Role
from shop.services import team
from tests.factories.accounts import AddressFactory, MediatorFactory, UserFactory
from tests.factories.escrow import held, payout_account
from tests.factories.shop import ProductFactory, StoreFactory
from tests.stories import (
    actor_of,
    delivered_order,
    fill_cart,
    open_case,
    paid_order,
)

pytestmark = pytest.mark.django_db


def works(store: Store, role: str, user=None) -> Actor:
    user = user or UserFactory()
    StoreMember.objects.create(store=store, user=user, role=role, joined_at=clock.now())
    return actor_of(user)


@pytest.fixture
def store():
    return StoreFactory()


def test_who_works_in_a_store_does_not_buy_from_it(store):
    """Abuse 11: no trade, but what would make a store look good."""
    helper = UserFactory()
    works(store, Role.SHIPPER, helper)
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
    works(hold.order.store, Role.FINANCE, staff)
    with pytest.raises(FourEyes):
        payouts.approve(payout_id=payout.pk, actor=actor_of(staff), now=clock.now())


def test_a_mediator_who_works_in_the_store_sits_as_its_merchant_and_does_not_rule():
    order = paid_order()
    case = open_case(order)
    staff = MediatorFactory()
    works(order.store, Role.SUPPORT, staff)
    assert party_of(case, actor_of(staff)) == "merchant"
    with pytest.raises(NotFound):
        aftersale.rule(
            case_id=case.pk, refund_minor=0, fault="buyer", article="1.1", reasons="x" * 30, actor=actor_of(staff),
            now=clock.now(),
        )  # fmt: skip


def test_what_a_helper_did_is_the_merchants_doing_in_the_story_also_after_he_has_left():
    order = delivered_order()
    helper = works(order.store, Role.SUPPORT)
    release.grant_time(order_id=order.pk, store_id=order.store_id, days=3, actor=helper, now=clock.now())
    team.remove(store=order.store, user_id=helper.user_id, actor=actor_of(order.store.owner), now=clock.now())
    entry = AuditEntry.objects.get(act="order.granted")
    with translation.override("en"):
        assert [line.who for line in tell([entry], viewer="buyer", order=order)] == ["Merchant"]


def test_a_bulk_import_is_a_shippers_work(store):
    raw = b"order_number,carrier,tracking_number,weight_g\n1,sandbox,TS1,500\n"
    said = {"store_id": store.pk, "raw": raw, "filename": "a.csv", "now": clock.now()}
    job = bulk_shipping.prepare(actor=works(store, Role.SHIPPER), **said)
    finance = works(store, Role.FINANCE)
    with pytest.raises(NotYourPart):
        bulk_shipping.prepare(actor=finance, **said)
    with pytest.raises(NotYourPart):
        bulk_shipping.commit(job_id=job.pk, store_id=store.pk, actor=finance, now=clock.now())
