"""Ids in the order of time: valid, ascending, and of no two processes the same."""

from __future__ import annotations

import itertools
import multiprocessing
from uuid import RFC_4122, UUID

import pytest
from django.apps import apps

from core.ids import timed_id

COUNT = 20_000
GROW_WITH_DEALS = ("shop.Order", "shop.OrderLine", "escrow.Payment", "logistics.Shipment")


def test_they_are_plain_uuids_of_version_7_and_ascend():
    found = [timed_id() for _ in range(COUNT)]
    assert {(type(one), one.version, one.variant) for one in found} == {(UUID, 7, RFC_4122)}
    assert found == sorted(set(found))


def test_of_processes_that_were_forked_at_one_moment_no_two_give_the_same():
    """What one has made before it forks, its counter and its randomness, must not go on in each of its children."""
    timed_id()
    fork = multiprocessing.get_context("fork")
    with fork.Pool(2) as pool:
        parts = pool.map(_many, [COUNT, COUNT], chunksize=1)
    parts.append(_many(COUNT))
    tails = [{one[-8:] for one in part} for part in parts]  # the random bits alone
    assert len(set().union(*parts)) == 3 * COUNT
    assert all(len(one & other) < COUNT / 100 for one, other in itertools.pairwise(tails))


def _many(count: int) -> list[str]:
    return [timed_id().hex for _ in range(count)]


@pytest.mark.parametrize("name", GROW_WITH_DEALS)
def test_rows_that_come_with_every_deal_have_them(name):
    assert apps.get_model(name)._meta.pk.default is timed_id
