"""A passkey in Chromium itself, by its virtual authenticator: made, a sign-in, a second factor, a proof of an act."""

from __future__ import annotations

from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator

from accounts.models import Device
from accounts.services.step_up import Act
from tests.accounts.proofs import prove
from tests.browser.entrance import is_in
from tests.factories.accounts import PASSWORD, UserFactory

KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def test_a_passkey_is_made_and_used(visit, client):
    lin = UserFactory(language="en")
    me = visit("passkey", lin, language="en-US", width=390)
    prove(client, lin, Act("factor", target="passkey"))
    devtools = me.page.context.new_cdp_session(me.page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    me.open("/me/security/passkeys/add/")
    me.page.fill("#passkey-name", "my phone")
    me.press("form[data-passkey] button", shot="codes")
    assert me.page.locator(".copyable").count() == 10
    assert Authenticator.objects.get(user=lin).data["name"] == "my phone"

    me.page.context.clear_cookies()
    me.open("/accounts/passkey/", shot="sign-in")
    me.press("form[data-passkey] button")
    me.open("/me/security/", shot="safety")
    assert me.page.url.endswith("/me/security/") and Device.objects.filter(user=lin, verified_by="passkey").exists()
    me.open("/me/confirm/phone/?next=/me/")
    me.press("button[value=passkey]")
    me.press("form[data-passkey] button")
    assert urlsplit(me.page.url).path == "/me/"
    me.complaints = [words for words in me.complaints if "403" not in words]  # the question itself is one

    me.page.context.clear_cookies()
    me.open("/accounts/login/")
    me.page.fill("[name=login]", lin.email)
    me.page.fill("[name=password]", PASSWORD)
    me.press("form[action='/accounts/login/'] button.button-primary", shot="factor")
    me.press("form[data-passkey] button")
    assert is_in(me)
