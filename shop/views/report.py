"""Tell us of a store or a product that should not be as it is: with or without an account."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core import clock
from core.errors import DomainError
from core.guards import public
from core.http import actor_of
from shop.forms.report import ReportForm
from shop.services.reports import report as make
from shop.views.document_slots import show


@public
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form, with the address of what it is about; once sent, a page that says what happens next."""
    is_guest = not request.user.is_authenticated
    first = {"link": request.GET.get("about", "")[:300]}
    form = ReportForm(request.POST or None, initial=first, is_guest=is_guest)
    if request.method == "POST" and form.is_valid():
        try:
            make(actor=actor_of(request), language=get_language() or "en", now=clock.now(), **form.facts)
        except DomainError as refusal:
            show(form, refusal, default="link")
        else:
            messages.success(request, _("Thank you. We look at it within three working days."))
            return redirect("shop:report")
    return render(request, "shop/report.html", {"form": form}, status=422 if form.errors else 200)
