"""Confirming that it is you before a form is shown."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.confirming import page_of, proof_of
from accounts.purposes import PURPOSES
from accounts.requests import MemberRequest
from accounts.services.step_up import Act, StepUpNeeded
from core.guards import member
from core.http import is_own_place


@member
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: MemberRequest, purpose: str) -> HttpResponse:
    """Choose a way; then give the proof of the act on ``?target=``, if it names one; then go on to ``?next=``."""
    if purpose not in PURPOSES:
        raise Http404
    act, asked = Act(purpose, target=request.GET.get("target", "")[:80]), request.GET.get("next", "")
    onward = asked if is_own_place(request, asked) else reverse("accounts:me")
    if proof_of(request, act) is not None:
        return redirect(onward)
    if request.method == "POST":
        raise StepUpNeeded(act)
    return render(request, "accounts/step_up.html", page_of(request, purpose))
