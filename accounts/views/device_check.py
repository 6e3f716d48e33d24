"""The page between the password and the shop, on a browser that is not known yet."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.stagekit import stash_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import device_check
from accounts.doors import next_look, to_htmx
from accounts.forms.entrance import DeviceCodeForm
from accounts.stages import NewDeviceStage
from core.errors import DomainError
from core.guards import public

in_stage = login_stage_required(stage=NewDeviceStage.key, redirect_urlname="account_login")


@public
@in_stage
@require_http_methods(["GET", "HEAD", "POST"])
def device(request: HttpRequest) -> HttpResponseBase:
    """Wait for another device's yes, ask for the code that was sent, send it, or send it again."""
    stage = request._login_stage  # type: ignore[attr-defined]
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is not None:
        return action(request, stage)
    form = DeviceCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            device_check.answer(stage, form.cleaned_data["code"])
        except DomainError as refusal:
            form.add_error("code", str(refusal.message))
        else:
            response: HttpResponse = stage.exit()
            return response
    return render(request, "account/device_check.html", _page(stage, form), status=400 if form.errors else 200)


def _ask_device(request: HttpRequest, stage: Any) -> HttpResponseBase:
    """Ask the member's other devices; the digits to type there are shown here."""
    try:
        device_check.ask_device(stage)
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
    else:
        stash_login(request, stage.login)
    return redirect("device_check")


def _look(request: HttpRequest, stage: Any) -> HttpResponseBase:
    """Whether one of them has said yes."""
    if device_check.take_approval(stage):
        response: HttpResponse = stage.exit()
        return to_htmx(request, response)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("device_check")
    page = _page(stage, DeviceCodeForm()) | {"looks": next_look(request)}
    return render(request, "account/_device_state.html", page)


def _page(stage: Any, form: DeviceCodeForm) -> dict[str, Any]:
    channel, to = stage.state.get("channel", ""), stage.state.get("to", "")
    return {
        "form": form, "channel": channel, "to": to, "receiver": _receiver(stage, channel), "looks": 0,
        "has_devices": device_check.has_other_devices(stage), "asked": device_check.asked_device(stage),
        "can_send": bool(device_check.channels(stage.login.user)) and not stage.login.user.device_lock,
    }  # fmt: skip


def _receiver(stage: Any, channel: str) -> str:
    """Where the sandbox's outbox shows the message."""
    user = stage.login.user
    return (user.phone if channel == "sms" else user.email) or ""


def _send_again(request: HttpRequest, stage: Any) -> HttpResponseRedirect:
    try:
        device_check.send(stage)
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
    else:
        stash_login(request, stage.login)
        messages.success(request, _("A new code is on its way."))
    return redirect("device_check")


ACTIONS = {"resend": _send_again, "ask": _ask_device, "look": _look}
