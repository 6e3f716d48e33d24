"""Somebody new on a phone: as few fields as possible, each of which the phone can help to fill in."""

from __future__ import annotations

import pytest

from accounts.models import Device, User
from tests.accounts.letters import last_to
from tests.browser.entrance import BOTH, GO, fields, give_code, is_in

PHONE, MAIL, SECRET = "+8613900139000", "new@example.com", "a-quiet-river-9"

pytestmark = pytest.mark.usefixtures("mails_arrive")


@pytest.mark.parametrize(("browser_language", "language"), BOTH)
def test_somebody_signs_up_with_a_phone_and_a_code(visit, browser_language, language):
    me = visit("sign-up-phone", language=browser_language, width=390)
    me.open("/accounts/signup/", shot="form")
    assert fields(me) == {"phone": ("tel", "tel", "tel")}, "one field, and the keys of a telephone"
    me.type(phone="139 0013 9000")
    me.press(GO, shot="code")
    assert fields(me) == {"code": ("text", "one-time-code", "numeric")}
    give_code(me, PHONE, is_refused=200, shot="code")
    me.look("in")
    assert me.page.locator("html").get_attribute("lang").lower() == language
    assert is_in(me)
    user = User.objects.get(phone=PHONE)
    assert (user.phone_verified, user.language, user.has_usable_password()) == (True, language, False)
    assert Device.objects.get(user=user).verified_by == "sign_up"
    assert ("你的验证码" if language == "zh-hans" else "is your code") in last_to(PHONE).body


@pytest.mark.parametrize(("browser_language", "language"), BOTH)
def test_somebody_signs_up_with_an_e_mail_address(visit, browser_language, language):
    me = visit("sign-up-mail", language=browser_language, width=390)
    me.open("/accounts/signup/")
    me.press("nav.tabs a[href='?by=email'], nav.tabs a[href*='by=email']", shot="form")
    assert fields(me) == {"email": ("email", "email", ""), "password1": ("password", "new-password", "")}
    me.type(email=MAIL, password1="12345678")
    me.press(GO, shot="weak")
    assert me.page.locator(".field-bad [name=password1]").count() == 1
    me.type(email=MAIL, password1=SECRET)
    me.press(GO, shot="code")
    give_code(me, MAIL, is_refused=200, shot="code")
    assert is_in(me)
    user = User.objects.get(email=MAIL)
    assert user.check_password(SECRET) and user.language == language
