"""
Many at one moment with the same proof: it lets one act through.

The test has been seen to fail with its guard taken away; its docstring says which.
"""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction

from accounts.models import Challenge
from accounts.services.handed_proofs import ensure_handed
from accounts.services.step_up import Act
from core import clock
from tests.api.people import proven
from tests.factories.accounts import UserFactory
from tests.together import at_once, winners

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def test_ten_who_send_the_same_proof_at_once_act_once():
    """Seen red on PostgreSQL with the spending written without its compare-and-set: more than one act went through."""
    user, act = UserFactory(), Act("payout", 500, "CNY", "order")

    def spend(handed):
        with transaction.atomic():
            return ensure_handed(user_id=user.pk, session_key=None, handed=handed, act=act, now=clock.now())

    for _round in range(5):
        proof = proven(user, act)
        assert len(winners(at_once([partial(spend, proof)] * 10))) == 1
    assert Challenge.objects.filter(spent_at__isnull=False).count() == 5
