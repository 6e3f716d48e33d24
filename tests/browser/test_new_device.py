"""A browser that nobody knows is asked, once; one that is not trusted any more is asked again."""

from __future__ import annotations

import pytest

from accounts.models import Device
from tests.browser.entrance import BOTH, SIGN_OUT, give_code, is_in, knock
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.usefixtures("mails_arrive")


@pytest.mark.parametrize(("browser_language", "language"), BOTH)
def test_a_new_device_is_asked_once_and_again_after_it_was_revoked(visit, browser_language, language):
    lin = UserFactory(language=language)
    phone = visit("new-device", language=browser_language, width=390)
    knock(phone, lin.phone)
    phone.look("asked")
    assert not is_in(phone)
    phone.open("/accounts/device/")
    give_code(phone, lin.phone, is_refused=400, shot="asked")
    assert is_in(phone)
    phone.open("/me/devices/", shot="devices")
    assert phone.page.locator(f"[aria-labelledby='d-{Device.objects.get(user=lin).pk}'] .badge").is_visible()
    phone.open("/accounts/logout/", shot="out")
    phone.press(f"main {SIGN_OUT}")
    knock(phone, lin.phone)
    assert "/device/" not in phone.page.url and is_in(phone), "a device that was proven is not asked again"

    desk = visit("other-device", language=browser_language, width=1280)
    knock(desk, lin.phone)
    give_code(desk, lin.phone)
    first = Device.objects.filter(user=lin).earliest("created_at")
    desk.open("/me/devices/", shot="devices")
    desk.press(f"form[action='/me/devices/{first.pk}/revoke/'] button", shot="revoked")
    assert not is_in(phone) and is_in(desk), "signed out there, and only there"
    knock(phone, lin.phone)
    assert phone.page.url.endswith("/accounts/device/"), "it must prove itself again"
    give_code(phone, lin.phone)
    assert is_in(phone)
