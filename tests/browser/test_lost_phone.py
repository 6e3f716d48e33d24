"""A lost phone: what old records prove, three days in which the owner may object, a look by staff, a new number."""

from __future__ import annotations

import pytest

from accounts.models import AccountRecovery, User
from accounts.states import RecoveryStatus
from tests.accounts.letters import code_to, wrong
from tests.browser.entrance import BOTH, GO, fields, give_code, is_in
from tests.browser.test_alarm import link_in
from tests.factories.accounts import PASSWORD, MediatorFactory, UserFactory
from tests.stories import paid_order, settle

pytestmark = pytest.mark.usefixtures("mails_arrive")
NEW, CONTACT = "+8613900139777", "lin.new@example.com"


@pytest.mark.parametrize(("browser_language", "language"), BOTH)
def test_an_account_comes_back_with_a_new_phone(visit, browser_language, language):
    lin, staff = UserFactory(language=language), MediatorFactory(language=language)
    order = paid_order(buyer=lin)
    me = visit("lost", language=browser_language, width=390)
    me.open("/accounts/login/", shot="login")
    me.press("main a[href='/accounts/recovery/']", shot="form")
    me.type(login=lin.phone, contact=CONTACT, number=order.number, amount="1", recipient=order.address["name"])
    me.press(GO, status=400, shot="not-enough")
    me.type(amount=f"{order.total_minor / 100:.2f}", earlier=lin.email)
    me.press(GO, status=200, shot="enough")
    settle()
    owner = visit("lost-owner", language=browser_language, width=390)
    for channel in (lin.phone, lin.email):
        owner.open(link_in(channel, "recovery/stop"))
    owner.look("stop")

    desk = visit("lost-desk", staff, language=browser_language, width=1280)
    row = AccountRecovery.objects.get()
    desk.open(f"/console/recoveries/{row.pk}/", shot="too-early")
    assert desk.page.locator("main [name=act]").count() == 0, "the three days are not over"
    desk.open("/sandbox/clock/")
    desk.press("main button[name=hours][value='72']")
    desk.press("main button[name=hours][value='1']")
    settle()
    desk.open("/console/recoveries/", shot="queue")
    desk.press(f"main a[href='/console/recoveries/{row.pk}/']", shot="review")
    desk.page.fill("main [name=reason]", "The order and the address agree.")
    desk.press("main button[value=approve]", status=403, shot="who")
    desk.page.fill("[name=step_up_password]", PASSWORD)
    desk.page.fill("[name=step_up_code]", code_to(staff.phone))
    desk.press(GO, shot="approved")
    settle()

    me.open(link_in(CONTACT, "recovery/phone"), shot="new-phone")
    assert fields(me) == {"phone": ("tel", "tel", "tel")}
    me.type(phone="139 0013 9777")
    me.press(GO, shot="new-phone-code")
    assert fields(me) == {"code": ("text", "one-time-code", "numeric")}
    me.type(code=wrong(code_to(NEW)))
    me.press(GO, status=400, shot="new-phone-wrong")
    me.type(code=code_to(NEW))
    me.press(GO, shot="done")
    user = User.objects.get(pk=lin.pk)
    assert (user.phone, user.phone_verified, user.has_usable_password()) == (NEW, True, False)
    assert AccountRecovery.objects.get().status == RecoveryStatus.DONE
    me.type(login=NEW)
    me.press(GO)
    give_code(me, NEW)
    assert is_in(me)
    me.open("/me/safety/", shot="in")
