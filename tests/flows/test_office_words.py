"""What staff read of a store, its application and an announcement is in words, not in the names of the program."""

from __future__ import annotations

import pytest
from django.utils import translation

from flows.office_words import ACTS, CLOCKS, act_words, clock_words
from shop.services import standing
from shop.states import ApplicationStatus, StoreStatus

WRITTEN = {"written", "changed", "published", "withdrawn"}


def test_every_state_an_application_or_a_store_can_come_to_has_its_words():
    wanted = {f"application.{state}" for state in ApplicationStatus} | {f"store.{state}" for state in StoreStatus}
    assert not (wanted | {f"announcement.{act}" for act in WRITTEN}) - ACTS.keys()


def test_every_clock_of_a_store_has_its_words():
    assert not {*standing.CLOCKS, "papers.purge", "payout.due"} - CLOCKS.keys()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_words_come_in_the_readers_language_and_what_nobody_knows_stays_as_it_is(language):
    with translation.override(language):
        assert "." not in act_words("application.begun") and "." not in clock_words("papers.purge")
        assert act_words("nobody.knows") == "nobody.knows"
