"""Many guesses at one code at the same moment."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from accounts.models import Challenge
from accounts.services import challenges
from accounts.services.challenges import WrongCode
from core import clock
from core.errors import DomainError
from tests.factories.accounts import UserFactory

GUESSES = 40


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_many_guesses_at_once_five_are_judged():
    """Seen red on PostgreSQL with the attempt counted after the comparison: seven were judged."""
    row = challenges.open_challenge(
        purpose="t", channel="sms", code="123456", user_id=UserFactory().pk, now=clock.now()
    )
    start, judged, refused = threading.Barrier(GUESSES), [], []

    def guess(turn: int) -> None:
        start.wait()
        try:
            challenges.judge(challenge_id=row.pk, answer=f"9{turn:05d}", now=clock.now())
        except WrongCode:
            judged.append(turn)
        except DomainError:
            refused.append(turn)
        finally:
            connection.close()

    threads = [threading.Thread(target=guess, args=(turn,)) for turn in range(GUESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(judged) == 5 and len(refused) == GUESSES - 5
    assert Challenge.objects.get(pk=row.pk).attempts == 5
