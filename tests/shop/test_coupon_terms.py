"""A coupon's terms: written by its store, fixed once it has started, each act on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core import clock
from core.errors import Invalid
from core.models import AuditEntry
from shop.errors import CodeTaken, CouponsFull, NoSuchCoupon, TermsAreFixed
from shop.models import Coupon
from shop.services import coupon_terms
from tests import stories
from tests.factories.shop import CouponFactory, ProductFactory, StoreFactory

pytestmark = pytest.mark.django_db


def actor(coupon: Coupon):
    return stories.actor_of(coupon.store.owner)


def terms(**changes) -> coupon_terms.Terms:
    now = clock.now()
    given = {"code": "AUTUMN10", "name": "秋", "starts_at": now, "ends_at": now + timedelta(days=1), "off_minor": 1_000}
    return coupon_terms.Terms(**{**given, **changes})


def test_every_act_on_terms_is_on_record():
    store = StoreFactory()
    who = stories.actor_of(store.owner)
    coupon = coupon_terms.create(store=store, terms=terms(), actor=who, now=clock.now())
    coupon_terms.change(store_id=store.pk, coupon_id=coupon.pk, terms=terms(off_minor=2_000), actor=who)
    for target in ("running", "paused", "running", "ended"):
        coupon_terms.move(store_id=store.pk, coupon_id=coupon.pk, target=target, actor=who, now=clock.now())
    entries = AuditEntry.objects.filter(subject_type="coupon", subject=str(coupon.pk)).order_by("pk")
    acts = ["coupon.created", "coupon.changed", "coupon.running", "coupon.paused", "coupon.running", "coupon.ended"]
    assert list(entries.values_list("act", flat=True)) == acts
    changed = entries[1].facts
    assert (changed["was"]["off_minor"], changed["terms"]["off_minor"]) == (1_000, 2_000)
    assert {entry.user_id for entry in entries} == {store.owner_id}


def test_terms_are_fixed_once_it_has_started():
    coupon = CouponFactory()
    with pytest.raises(TermsAreFixed):
        coupon_terms.change(store_id=coupon.store_id, coupon_id=coupon.pk, terms=terms(), actor=actor(coupon))
    with pytest.raises(NoSuchCoupon):
        coupon_terms.change(store_id=StoreFactory().pk, coupon_id=coupon.pk, terms=terms(), actor=actor(coupon))


def test_a_code_is_one_of_its_kind_in_its_store():
    store = CouponFactory(code="AUTUMN10").store
    with pytest.raises(CodeTaken):
        coupon_terms.create(store=store, terms=terms(), actor=stories.actor_of(store.owner), now=clock.now())
    other = StoreFactory()
    made = coupon_terms.create(store=other, terms=terms(), actor=stories.actor_of(other.owner), now=clock.now())
    assert (made.code, made.status) == ("AUTUMN10", "draft")


def test_a_store_has_a_bounded_number_of_open_coupons(monkeypatch):
    monkeypatch.setattr(coupon_terms, "MOST_OPEN", 2)
    store = StoreFactory()
    CouponFactory.create_batch(2, store=store)
    with pytest.raises(CouponsFull):
        coupon_terms.create(store=store, terms=terms(), actor=stories.actor_of(store.owner), now=clock.now())


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "a b"}, {"off_minor": 0}, {"off_bps": 500}, {"off_minor": None}, {"cap_minor": 5}, {"per_member": 0},
        {"off_minor": None, "off_bps": 10_001}, {"use_limit": 0}, {"ends_at": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
    ids=str,
)  # fmt: skip
def test_terms_that_make_no_sense_are_refused_by_the_database_too(wrong):
    store = StoreFactory()
    with pytest.raises(Invalid):
        coupon_terms.create(store=store, terms=terms(**wrong), actor=stories.actor_of(store.owner), now=clock.now())
    assert not Coupon.objects.exists()


def test_another_stores_product_is_no_limit_of_mine():
    store = StoreFactory()
    with pytest.raises(Invalid):
        coupon_terms.create(
            store=store, terms=terms(product_ids=(ProductFactory().pk,)), actor=stories.actor_of(store.owner),
            now=clock.now(),
        )  # fmt: skip


def test_a_coupon_whose_time_is_over_is_not_started():
    coupon = CouponFactory(status="draft", ends_at=clock.now() - timedelta(hours=1))
    with pytest.raises(Invalid):
        coupon_terms.move(
            store_id=coupon.store_id, coupon_id=coupon.pk, target="running", actor=actor(coupon), now=clock.now()
        )
