"""Many buyers of one store, for tests of what is written to them."""

from __future__ import annotations

from uuid import uuid4

from accounts.models import User
from shop.models import Order, Store
from tests.factories.accounts import UserFactory


def buyers(store: Store, count: int) -> list[User]:
    """People whose orders there are like the store's first, without their whole stories."""
    one = Order.objects.filter(store=store).order_by("placed_at")[0]
    people: list[User] = UserFactory.create_batch(count)
    for at, person in enumerate(people):
        one.pk, one.number, one.buyer, one.payment_id = uuid4(), f"N{at}-{uuid4().hex[:8]}", person, None
        one.save(force_insert=True)
    return people
