"""Numbers of businesses and people: what can be one, and what is mistyped."""

from datetime import date

import pytest

from shop.identifiers import is_credit_code, is_identity_number, is_of_age, masked, plain, same_name
from tests.vetting import credit_code, identity_number


@pytest.mark.parametrize("code", ["91330100799655058B", "91440300708461136T", "91110000802100433B"])
def test_codes_of_known_companies_are_right(code):
    assert is_credit_code(code)


def test_every_single_mistake_in_a_code_is_seen():
    code = credit_code()
    assert is_credit_code(code)
    wrong = [code[:at] + other + code[at + 1 :] for at in range(18) for other in "07AYX" if other != code[at]]
    assert not [one for one in wrong if is_credit_code(one)]


@pytest.mark.parametrize("bad", ["", "1", "9" * 18, "91330100799655058b", "I1330100799655058B", "９" * 18, "x" * 4000])
def test_what_is_no_code_is_refused(bad):
    assert not is_credit_code(bad)


def test_a_number_is_read_as_people_write_it():
    assert plain(" 91330100-799655058b\u3000") == "91330100799655058B"
    assert plain("１１０１０１") == "110101"


def test_the_example_of_the_standard_is_an_identity_number():
    assert is_identity_number("11010519491231002X")
    assert is_identity_number("440524188001010014")
    assert not is_identity_number("110105194912310021")


@pytest.mark.parametrize("bad", ["", "11010519491331002X", "99010519491231002X", "1101051949123100２X", "x" * 18])
def test_a_day_that_is_none_and_a_province_that_is_none_are_refused(bad):
    assert not is_identity_number(bad)


def test_who_turns_eighteen_today_is_of_age():
    number = identity_number("33010620081128123")
    assert is_of_age(number, today=date(2026, 11, 28))
    assert not is_of_age(number, today=date(2026, 11, 27))


def test_a_masked_number_does_not_give_the_number():
    assert masked("11010519491231002X") == "110•••••••••••002X"
    assert masked("1234") == "••••"


def test_the_same_name_in_other_brackets_is_the_same():
    assert same_name("杭州山间（茶业）有限公司", "杭州山间(茶业) 有限公司")
    assert not same_name("杭州山间茶业", "杭州海边茶业")
    assert not same_name("", "")
