"""A member's own page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.forms.profile import ProfileForm
from accounts.languages import remember_language
from accounts.queries.people import password_is_old
from accounts.requests import MemberRequest
from accounts.services import people
from core import clock
from core.guards import member


@member
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: MemberRequest) -> HttpResponse:
    """Name, language, what one signs in with, and the way to everything else."""
    user = request.user
    form = ProfileForm(request.POST or None, initial={"name": user.name, "language": user.language})
    if request.method == "POST" and form.is_valid():
        people.rename(user_id=user.pk, name=form.cleaned_data["name"].strip())
        people.set_language(user_id=user.pk, language=form.cleaned_data["language"])
        response = redirect("accounts:me")
        remember_language(response, form.cleaned_data["language"])
        with translation.override(form.cleaned_data["language"]):
            messages.success(request, _("Saved."))
        return response
    page = {"form": form, "addresses": user.addresses.count(),
            "password_is_old": password_is_old(user, now=clock.now())}  # fmt: skip
    return render(request, "accounts/me.html", page, status=400 if form.errors else 200)
