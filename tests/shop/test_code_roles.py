"""Who of a store's team may do what with its codes."""

from __future__ import annotations

import pytest

from core import clock
from core.actor import Actor
from core.errors import NotFound
from flows import codes
from shop.errors import NotYourPart
from shop.models import CardKey, CodeBatch, StoreMember
from shop.services import code_pool
from tests.factories.accounts import UserFactory
from tests.stories import code_variant, hand_in, paid_order

pytestmark = pytest.mark.django_db


def member(store, role: str) -> Actor:
    row = StoreMember.objects.create(store=store, user=UserFactory(), role=role, joined_at=clock.now())
    return Actor(user_id=row.user_id)


@pytest.mark.parametrize("role", ["shipper", "support", "finance"])
def test_only_who_writes_products_hands_in_or_stops_codes(role):
    variant = code_variant(keys=2)
    other, batch = member(variant.product.store, role), CodeBatch.objects.get()
    stop = {"store_id": variant.product.store_id, "batch_id": batch.pk, "reason": "bad", "now": clock.now()}
    with pytest.raises(NotYourPart):
        hand_in(variant, 1, actor=other)
    with pytest.raises(NotYourPart):
        code_pool.stop_batch(**stop, actor=other)
    with pytest.raises(NotFound):
        code_pool.stop_batch(**stop, actor=Actor(user_id=UserFactory().pk))
    assert set(CardKey.objects.values_list("status", flat=True)) == {"available"}
    manager = member(variant.product.store, "manager")
    hand_in(variant, 1, actor=manager)
    assert code_pool.stop_batch(**stop, actor=manager) == 2


def test_who_answers_buyers_replaces_a_code_and_who_ships_does_not():
    order = paid_order(variant=code_variant(keys=2))
    key = CardKey.objects.get(order_line__order=order)
    said = {"order_id": order.pk, "store_id": order.store_id, "key_id": key.pk, "reason": "dead", "now": clock.now()}
    with pytest.raises(NotYourPart):
        codes.replace(**said, actor=member(order.store, "shipper"))
    codes.replace(**said, actor=member(order.store, "support"))
    key.refresh_from_db()
    assert key.status == "replaced"


def test_staff_who_work_in_the_store_do_not_open_its_codes():
    order = paid_order(variant=code_variant(keys=1))
    staff = Actor(user_id=member(order.store, "shipper").user_id, is_mediator=True)
    with pytest.raises(NotFound):
        codes.open_for_staff(order_id=order.pk, reason="a reason long enough", actor=staff, device="", now=clock.now())
    assert CardKey.objects.get().seen_at is None
