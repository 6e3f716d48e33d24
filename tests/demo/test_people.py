"""The demo people can be told apart, reached by nobody and signed in."""

from __future__ import annotations

import re
from pathlib import Path

import phonenumbers
from django.conf import settings

from accounts import regions
from demo.catalogue import store
from demo.people import BUYERS, MEDIATORS, MERCHANTS, PEOPLE, SUPERUSER, Role, people, person


def test_the_cast() -> None:
    assert (len(BUYERS), len(MERCHANTS), len(MEDIATORS)) == (3, 12, 2)
    assert SUPERUSER in PEOPLE
    assert people(Role.MEDIATOR) == MEDIATORS
    assert sum(merchant.prominent for merchant in MERCHANTS) == 3
    assert {somebody.language for somebody in PEOPLE} == {"zh-hans", "en"}


def test_nobody_shares_a_key_an_address_or_a_number() -> None:
    for what in ("key", "email", "phone"):
        assert len({getattr(somebody, what) for somebody in PEOPLE}) == len(PEOPLE)


def test_addresses_reach_nobody_and_numbers_are_well_formed() -> None:
    for somebody in PEOPLE:
        assert somebody.email.endswith("@example.com")
        assert phonenumbers.is_valid_number(phonenumbers.parse(somebody.phone))
        assert somebody.can_try.zh and somebody.can_try.en


def test_an_owner_is_known_by_his_store() -> None:
    for owner in MERCHANTS:
        assert owner.store
        name = store(owner.store).name
        assert owner.can_try.zh.startswith(name.zh)
        assert owner.can_try.en.startswith(name.en)


def test_buyers_have_one_default_address_each() -> None:
    for buyer in BUYERS:
        assert sum(address.is_default for address in buyer.addresses) == 1
        assert all(regions.path(address.district_code) for address in buyer.addresses)
    assert person("lin-xiao").addresses[0].street


def test_the_readme_introduces_the_people_whom_the_demo_prints() -> None:
    text = (Path(settings.BASE_DIR) / "README.md").read_text()
    rows = re.findall(r"^\| ([^|]+) \| (\S+@\S+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert rows == [(one.name_en, one.email, one.can_try.en) for one in PEOPLE if one.prominent]
