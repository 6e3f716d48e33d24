"""After every test of a flow, whatever happened in it, the books balance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Incident, User
from accounts.services import incidents
from core import clock
from escrow.queries import books
from shop.models import Store
from tests.factories.accounts import MediatorFactory, UserFactory
from tests.factories.shop import StoreFactory
from tests.stories import actor_of


@pytest.fixture(autouse=True)
def books_balance(db: None) -> Iterator[None]:
    """After every test, whatever happened in it, the books balance."""
    yield
    state = books()
    assert state.discrepancies == [], state.discrepancies


@pytest.fixture
def compensation_limits(settings: Any) -> None:
    """From ¥50 a second person agrees; at most ¥200 in one incident."""
    settings.COMPENSATION_APPROVAL_MINOR = 5_000
    settings.COMPENSATION_MOST_MINOR = 20_000


@pytest.fixture
def lin() -> User:
    return UserFactory(language="en", name="Lin")


@pytest.fixture
def staff() -> User:
    return MediatorFactory(language="en")


@pytest.fixture
def store(lin: User) -> Store:
    return StoreFactory(owner=lin)


@pytest.fixture
def incident(lin: User) -> Incident:
    """What Lin has reported of his account."""
    return incidents.open_incident(user_id=lin.pk, text="Not me.", actor=actor_of(lin), now=clock.now())
