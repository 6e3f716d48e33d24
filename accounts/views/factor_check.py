"""The page between the password and the shop where a second factor is asked for."""

from __future__ import annotations

from allauth.account.internal.decorators import login_stage_required
from allauth.account.stages import LoginStage
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import factor_check
from accounts.forms.factors import FactorForm
from accounts.services.challenges import ChallengeOver
from accounts.stages import FactorStage
from core.errors import DomainError
from core.guards import public


@public
@login_stage_required(stage=FactorStage.key, redirect_urlname="account_login")
@require_http_methods(["GET", "HEAD", "POST"])
def factor(request: HttpRequest) -> HttpResponse:
    """Ask for a passkey, a code of the app, or a recovery code."""
    stage = request._login_stage  # type: ignore[attr-defined]
    form = FactorForm(request.POST or None)
    credential = request.POST.get("credential", "")
    if request.method == "POST" and (credential or form.is_valid()):
        try:
            _answer(stage, form, credential)
        except ChallengeOver:
            return _start_again(request, stage)
        except DomainError as refusal:
            form.add_error("code", str(refusal.message))
        else:
            response: HttpResponse = stage.exit()
            return response
    page = {"form": form, "options": factor_check.question_of(stage)}
    return render(request, "account/factor_check.html", page, status=400 if form.errors else 200)


def _answer(stage: LoginStage, form: FactorForm, credential: str) -> None:
    if credential:
        factor_check.answer_passkey(stage, credential)
    else:
        factor_check.answer(stage, form.cleaned_data["code"])


def _start_again(request: HttpRequest, stage: LoginStage) -> HttpResponse:
    """Too many guesses end this login, and with it what the password has proven."""
    messages.error(request, _("Too many wrong codes. Please sign in again."))
    response: HttpResponse = stage.abort()
    return response
