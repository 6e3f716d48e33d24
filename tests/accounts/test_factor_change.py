"""A change of a second factor keeps the money where it is for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import SignInChange
from accounts.services.step_up import Act
from escrow.models import StorePayoutHold
from tests.accounts.proofs import prove
from tests.accounts.test_factors import with_app
from tests.factories.accounts import UserFactory
from tests.factories.shop import StoreFactory

pytestmark = pytest.mark.django_db


def test_after_a_factor_was_changed_no_money_leaves_for_three_days(client):
    lin = UserFactory()
    store = StoreFactory(owner=lin)
    with_app(lin)
    client.force_login(lin)
    prove(client, lin, Act("factor", target="app:remove"))
    assert client.post("/me/security/app/remove/").url == "/me/security/"
    hold = StorePayoutHold.objects.get(store_id=store.pk, in_force=True)
    assert hold.cause == "cooling" and hold.until - hold.at == timedelta(hours=72)
    assert SignInChange.objects.get(user=lin).what == "factor"
