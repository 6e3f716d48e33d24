"""Idempotency keys."""

from __future__ import annotations

import pytest

from core import idempotency
from core.idempotency import InProgress, KeyReused

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
