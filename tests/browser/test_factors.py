"""An authenticator app, its recovery codes and a passkey beside it: set up, asked for, used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from accounts.models import RecoveryCode
from tests.accounts.letters import code_to, wrong
from tests.browser.entrance import BOTH, GO, is_in, knock
from tests.browser.test_passkeys import KEY
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.usefixtures("mails_arrive")


def shown_by(app: pyotp.TOTP, *, ahead: int = 0) -> str:
    """What the app shows, or will in half a minute: each of its steps opens once. Its clock is no sandbox's."""
    return app.at(datetime.now(UTC) + timedelta(seconds=30 * ahead))


def confirm(me, lin) -> None:
    """The way by text message and password."""
    me.press("button[value=sms_password]", status=403, shot="who")
    me.page.fill("[name=step_up_password]", PASSWORD)
    me.page.fill("[name=step_up_code]", code_to(lin.phone))
    me.press(GO)


def leave(me) -> None:
    me.page.context.clear_cookies(name="session")


@pytest.mark.parametrize(("browser_language", "language"), BOTH)
def test_an_app_is_set_up_and_asked_for_and_its_recovery_code_opens_once(visit, browser_language, language):
    lin = UserFactory(language=language)
    me = visit("factor", lin, language=browser_language, width=390)
    me.open("/me/security/", shot="safety")
    me.press("main a[href='/me/security/app/']", shot="ways")
    confirm(me, lin)
    me.look("app")
    assert me.page.evaluate("document.querySelector('main img[src^=\"data:\"]').naturalWidth") > 0
    secret = me.page.inner_text("main code").replace(" ", "")
    app = pyotp.TOTP(secret)
    me.type(code=wrong(shown_by(app)))
    me.press(GO, status=400, shot="app-wrong")
    assert me.page.inner_text("main code").replace(" ", "") == secret, "nothing has to be scanned again"
    me.type(code=shown_by(app))
    me.press(GO, shot="codes")
    codes = me.page.locator("main .copyable code").all_inner_texts()
    assert len(codes) == 10
    me.open("/me/security/recovery/", shot="left")
    assert codes[0] not in me.page.inner_text("main"), "they are shown this once"

    leave(me)
    knock(me, lin.phone)
    me.look("asked")
    me.type(code=wrong(shown_by(app)))
    me.press(GO, status=400, shot="asked-wrong")
    me.type(code=shown_by(app, ahead=1))
    me.press(GO)
    assert is_in(me)
    for is_first in (True, False):
        leave(me)
        knock(me, lin.phone)
        me.type(code=codes[0])
        me.press(GO, status=200 if is_first else 400)
        assert is_in(me) == is_first
    assert RecoveryCode.objects.filter(user=lin, used_at__isnull=False).count() == 1


@pytest.mark.parametrize(("browser_language", "language"), BOTH)
def test_a_passkey_stands_beside_the_app(visit, browser_language, language):
    lin = UserFactory(language=language)
    me = visit("factor-passkey", lin, language=browser_language, width=390)
    devtools = me.page.context.new_cdp_session(me.page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    me.open("/me/security/app/")
    confirm(me, lin)
    app = pyotp.TOTP(me.page.inner_text("main code").replace(" ", ""))
    me.type(code=shown_by(app))
    me.press(GO)
    me.open("/me/security/passkeys/add/")
    me.press("button[value=totp]", status=403)
    me.page.fill("[name=step_up_code]", shown_by(app, ahead=1))
    me.press(GO, shot="add")
    me.page.fill("#passkey-name", "my phone")
    me.press("form[data-passkey] button", shot="added")
    me.open("/me/security/", shot="both")
    leave(me)
    knock(me, lin.phone)
    me.look("either")
    assert me.page.locator("main [name=code]").is_visible()
    me.press("form[data-passkey] button")
    assert is_in(me)
