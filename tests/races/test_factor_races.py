"""One code of an app or one recovery code, shown by many at the same moment: one is let in."""

from __future__ import annotations

import pytest

from accounts.models import TotpSecret
from accounts.services import factors
from core import clock
from tests.accounts.test_factors import code_of, with_app
from tests.factories.accounts import UserFactory
from tests.together import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
MANY = 12


def test_one_code_of_the_app_lets_one_in():
    """Seen red on PostgreSQL with the step compared before the update: seven of twelve were let in."""
    lin = UserFactory()
    with_app(lin)
    code, now = code_of(lin), clock.now()
    took = at_once([lambda: factors.take_totp(user_id=lin.pk, code=code, now=now)] * MANY)
    assert took.count(True) == 1 and took.count(False) == MANY - 1
    assert TotpSecret.objects.get(pk=lin.pk).last_step == int((now - clock.offset()).timestamp()) // 30


def test_one_recovery_code_lets_one_in():
    """Seen red on PostgreSQL with ``used_at`` compared before the update: three of twelve were let in."""
    lin = UserFactory()
    code, now = with_app(lin)[0], clock.now()
    took = at_once([lambda: factors.take_code(user_id=lin.pk, code=code, now=now)] * MANY)
    assert took.count(True) == 1 and took.count(False) == MANY - 1
