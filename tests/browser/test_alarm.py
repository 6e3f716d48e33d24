"""A stranger with the password and the phone's code comes in from another country; the owner shuts him out."""

from __future__ import annotations

import re

import pytest

from accounts.models import User
from accounts.states import Standing
from tests.accounts.letters import code_to, last_to
from tests.browser.entrance import BOTH, GO, give_code, is_in, knock, with_an_old_device
from tests.factories.accounts import UserFactory
from tests.stories import settle

pytestmark = pytest.mark.usefixtures("mails_arrive")
HOME, FAR = "114.114.114.114", "85.214.132.117"
NEW = "another-quiet-river-9"


def link_in(address: str, what: str) -> str:
    """A link of ours in the newest message to somebody."""
    found = re.search(rf"/accounts/{what}/\S+", last_to(address).body)
    assert found, last_to(address).body
    return found.group()


@pytest.mark.parametrize(("browser_language", "language"), BOTH)
def test_a_strange_login_is_told_and_shut_out_and_the_account_is_opened_again(visit, browser_language, language):
    lin = UserFactory(language=language)
    mine = with_an_old_device(visit, "alarm-owner", lin, language=browser_language, place=HOME)
    thief = visit("alarm-thief", language=browser_language, width=1280, place=FAR)
    knock(thief, lin.phone)
    thief.look("device-asked")
    thief.press("form:has([value=resend]) button")
    give_code(thief, lin.phone)
    settle()
    mine.open(f"/sandbox/outbox/?to={lin.email}", shot="letter")
    letter = visit("alarm-letter", language=browser_language, width=390, place=HOME)
    letter.open(link_in(lin.email, "not-me"), shot="look")
    assert is_in(thief), "a look shuts nobody out"
    letter.press("main form .button-danger", shot="locked")
    assert not is_in(thief) and not is_in(mine)
    assert User.objects.get(pk=lin.pk).standing == Standing.LIMITED

    knock(mine, lin.phone)
    mine.open("/me/", shot="me")
    mine.open("/me/safety/", shot="limited")
    mine.press("main .button-primary", shot="reopen")
    mine.type(password1=NEW, password2=NEW)
    mine.press("main form .button-primary", status=403, shot="who")
    mine.page.fill("[name=step_up_code]", code_to(lin.phone))
    mine.page.fill("[name=step_up_password]", "demo-Passw0rd")
    mine.press(GO, shot="open")
    assert User.objects.get(pk=lin.pk).standing == Standing.NORMAL
    assert is_in(mine) and not is_in(thief)
    knock(thief, lin.phone, password=NEW)
    assert "/accounts/device/" in thief.page.url, "the thief's browser is not trusted any more"
