"""Steps between the proof of who somebody is and the open door."""

from __future__ import annotations

from typing import Any

from allauth.account import stages
from allauth.mfa import stages as mfa_stages
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import device_check, factor_check, pretended
from accounts.doors import methods_of, note_proof, recognition_of

Handled = tuple[HttpResponse | None, bool]


class EmailVerificationStage(stages.EmailVerificationStage):
    """Allauth's step, for those who have an e-mail address: a member with a phone alone has nothing to prove here."""

    def handle(self) -> Handled:
        if self.login.user is not None and not self.login.user.email:
            return None, True
        if self.login.user is None and self.login.signup and self.login.email:
            pretended.look_at_new_address(self.login.email)
        response, is_continued = super().handle()
        return response, is_continued


class BeginStage(stages.LoginStage):
    """First of a real login: remembers the password there is, so that what was begun with an old one ends with it."""

    key = "begin"

    def __init__(self, controller: Any, request: HttpRequest, login: Any) -> None:
        super().__init__(controller, request, login)
        if login.user is None and "account_login" in request.session:
            pretended.look_at_member(request)

    def handle(self) -> Handled:
        if self.login.user is not None:
            self.state["auth_hash"] = self.login.user.get_session_auth_hash()
        return None, True


class FactorStage(mfa_stages.AuthenticateStage):
    """Allauth's step, with a question of ours behind it: guesses are counted in the database."""

    def handle(self) -> Handled:
        response, is_continued = super().handle()
        if self.state.get("authentication_required"):
            factor_check.ask(self)
        return response, is_continued


class NewDeviceStage(stages.LoginStage):
    """After the second factor: a browser that this person has not proven his must be proven now."""

    key = "new_device"
    urlname = "device_check"

    def handle(self) -> Handled:
        user = self.login.user
        if user is None:  # allauth only pretends, so that nobody learns who has an account
            return None, True
        known = recognition_of(self.request, user.pk)
        if known.device is not None and not known.is_stolen:
            return None, True
        proof = device_check.proof_at_hand(user, methods_of(self.request, user), is_signup=self.login.signup)
        if proof:
            note_proof(self.request, proof)
            return None, True
        device_check.ask(self)
        return HttpResponseRedirect(reverse(self.urlname)), True


class EndStage(stages.LoginStage):
    """Last of all: the account must still be what it was when the login began."""

    key = "end"

    def handle(self) -> Handled:
        user = self.login.user
        if user is not None and not user.is_active:  # closed while the login was under way
            return HttpResponseRedirect(reverse("account_inactive")), False
        begun = self.controller.get_stage(BeginStage.key).state.get("auth_hash")
        if user is None or begun == user.get_session_auth_hash():
            return None, True
        messages.error(self.request, _("The password was changed meanwhile. Please sign in again."))
        return HttpResponseRedirect(reverse("account_login")), False
