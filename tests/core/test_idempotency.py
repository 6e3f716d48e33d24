"""Idempotency keys."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from core import clock, idempotency, tasks
from core.idempotency import InProgress, KeyReused
from core.models import IdempotencyKey

pytestmark = pytest.mark.django_db


def test_the_same_request_is_answered_from_the_record():
    row, is_new = idempotency.begin(scope="s", key="k", body=b"{}")
    assert is_new
    idempotency.complete(row, status=201, response={"id": 1})
    again, is_new = idempotency.begin(scope="s", key="k", body=b"{}")
    assert not is_new
    assert (again.status, again.response) == (201, {"id": 1})


def test_another_body_under_the_same_key_is_refused():
    idempotency.begin(scope="s", key="k", body=b"{}")
    with pytest.raises(KeyReused):
        idempotency.begin(scope="s", key="k", body=b'{"amount": 2}')


def test_a_request_still_running_is_not_run_again():
    idempotency.begin(scope="s", key="k", body=b"{}")
    with pytest.raises(InProgress):
        idempotency.begin(scope="s", key="k", body=b"{}")


def test_a_failed_request_may_be_tried_again():
    row, _ = idempotency.begin(scope="s", key="k", body=b"{}")
    idempotency.abandon(row)
    _, is_new = idempotency.begin(scope="s", key="k", body=b"{}")
    assert is_new


def test_keys_are_forgotten_after_two_days_and_not_before():
    for key, hours in (("old", 48.1), ("young", 47.9)):
        with clock.at(clock.now() - timedelta(hours=hours)):
            idempotency.begin(scope="s", key=key, body=b"{}")
    tasks.purge_idempotency_keys()
    assert [row.key for row in IdempotencyKey.objects.all()] == ["young"]
    assert settings.CELERY_BEAT_SCHEDULE["purge"]["task"] == tasks.purge_idempotency_keys.name
