"""What staff read of a store, its application and an announcement is in words, not in the names of the program."""

from __future__ import annotations

import re

import pytest
from django.utils import translation

from core import clock
from flows.deal import deal
from flows.office_words import ACTS, CLOCKS, act_words, clock_words
from shop.services import standing
from shop.states import ApplicationStatus, StoreStatus
from tests.disputes.rooms import taken_case
from tests.factories.accounts import MediatorFactory

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


@pytest.mark.django_db
def test_staff_read_of_an_order_its_parcel_and_its_case_in_words():
    case = taken_case(MediatorFactory())
    with translation.override("en"):
        told = [line.text for line in deal(order_id=case.order_id, viewer="staff", now=clock.now()).story]
    assert {"Parcel written down", "Parcel: Delivered", "A mediator took the case"} <= set(told)
    assert not [text for text in told if re.fullmatch(r"[a-z_]+\.[a-z_]+", text)], "no name of the program"
