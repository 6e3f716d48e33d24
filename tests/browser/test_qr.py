"""A computer is signed in by a phone: two browsers, and a third that only has the address in the picture."""

from __future__ import annotations

import pytest

from accounts.models import Device, OutgoingMessage, QRLogin
from accounts.states import QRStatus
from tests.browser.entrance import BOTH, GO, is_in, knock, with_an_old_device
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.usefixtures("mails_arrive")
HOME, FAR = "114.114.114.114", "114.215.0.9"
ASK = "main form[action='/accounts/qr/'] button"
POLL = "form[hx-post='/accounts/qr/poll/']"


def shown(desk) -> tuple[str, str]:
    """The address in the picture, and the digits beside it."""
    desk.open("/accounts/qr/")
    desk.press(ASK)
    assert desk.page.evaluate("document.querySelector('main img[src^=\"data:\"]').naturalWidth") > 0
    return str(desk.page.locator("main a[rel=nofollow]").get_attribute("href")), desk.page.inner_text("[data-digits]")


def poll(me) -> int:
    """Ask as the page does, with a token of one's own against forgery."""
    token = me.page.locator("[name=csrfmiddlewaretoken]").first.input_value()
    headers = {"HX-Request": "true", "X-CSRFToken": token, "Referer": me.page.url}
    return int(me.page.request.post("/accounts/qr/poll/", headers=headers).status)


@pytest.mark.parametrize(("browser_language", "language"), BOTH)
def test_a_phone_signs_a_computer_in(visit, browser_language, language):
    lin = UserFactory(language=language)
    phone = with_an_old_device(visit, "qr-phone", lin, language=browser_language, place=HOME)
    desk = visit("qr-desk", language=browser_language, width=1280, place=HOME)
    desk.open("/accounts/qr/", shot="begin")
    link, digits = shown(desk)
    desk.look("picture")

    spy = visit("qr-spy", language=browser_language, width=1280, place=FAR)
    spy.open(link)
    assert "/accounts/login/" in spy.page.url
    phone.open(link, shot="asks")
    asked = phone.page.locator("[name=digits]")
    assert phone.page.locator("[data-digits]").count() == 0 and not asked.input_value(), "the phone knows no digits"
    desk.page.wait_for_selector(f"{POLL} :text('{lin.display_name[:1]}***')")
    desk.look("scanned")
    phone.type(digits=f"{(int(digits) + 1) % 90 + 10:02d}")
    phone.press("form[action$='/approve/'] button", status=403, shot="who")
    phone.page.fill("[name=step_up_password]", PASSWORD)
    phone.press(GO, status=400, shot="wrong")
    assert phone.page.locator("[role=alert]").is_visible() and not is_in(spy)
    phone.open(link)
    phone.type(digits=digits)
    with desk.page.expect_navigation():  # nobody touches the computer
        phone.press("form[action$='/approve/'] button", shot="done")
    desk.look("in")
    assert is_in(desk) and not is_in(spy)
    assert poll(spy) == 404, "the address alone asks for nothing"
    assert Device.objects.filter(user=lin, verified_by="qr").count() == 1


@pytest.mark.parametrize(("browser_language", "language"), BOTH)
def test_a_phone_refuses(visit, browser_language, language):
    lin = UserFactory(language=language)
    phone = visit("qr-refuser", lin, language=browser_language, width=390, place=HOME)
    desk = visit("qr-refused", language=browser_language, width=390, place=HOME)
    link, _digits = shown(desk)
    phone.open(link, shot="too-new")
    assert phone.page.locator("[name=digits]").count() == 0, "a device of today lets nobody in"
    phone.press("form[action$='/decline/'] button", shot="refused")
    desk.page.wait_for_selector(POLL, state="detached")
    desk.look("over")
    assert not is_in(desk) and QRLogin.objects.get().status == QRStatus.DECLINED


@pytest.mark.parametrize(("browser_language", "language"), BOTH)
def test_a_phone_in_use_lets_a_new_computer_in_before_any_code_is_sent(visit, browser_language, language):
    lin = UserFactory(language=language)
    phone = with_an_old_device(visit, "yes-phone", lin, language=browser_language, place=HOME)
    texts = OutgoingMessage.objects.filter(to=lin.phone).count()
    desk = visit("yes-desk", language=browser_language, width=1280, place=HOME)
    knock(desk, lin.phone)
    digits = desk.page.inner_text("[data-digits]")
    phone.open("/me/devices/", shot="asked")
    phone.press("main a[href^='/accounts/qr/']", shot="asks")
    phone.type(digits=digits)
    phone.press("form[action$='/approve/'] button", status=403)
    phone.page.fill("[name=step_up_password]", PASSWORD)
    with desk.page.expect_navigation():  # nobody touches the computer
        phone.press(GO, shot="done")
    assert is_in(desk) and Device.objects.filter(user=lin, verified_by="device").count() == 1
    assert OutgoingMessage.objects.filter(to=lin.phone).count() == texts
