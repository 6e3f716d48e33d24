"""Site messages (站内信)."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.queries import notices as queries
from accounts.requests import MemberRequest
from accounts.services import notices as services
from core import clock
from core.guards import member

PER_PAGE = 20


@member
@require_safe
def inbox(request: MemberRequest) -> HttpResponse:
    """The list, newest first; ``?show=unread`` leaves out what was read."""
    only_unread = request.GET.get("show") == "unread"
    rows = queries.inbox_of(user_id=request.user.pk, only_unread=only_unread)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    unread = queries.unread_count(user_id=request.user.pk)
    here = reverse("accounts:inbox")
    tabs = [
        {"label": _("All"), "url": here, "current": not only_unread},
        {"label": _("Unread"), "url": f"{here}?show=unread", "count": unread, "current": only_unread},
    ]
    return render(request, "accounts/inbox.html", {"page": page, "unread_count": unread, "tabs": tabs})


@member
@require_safe
def notice(request: MemberRequest, notice_id: UUID) -> HttpResponse:
    """Open one: it counts as read, and leads to what it speaks of."""
    row = queries.notice_of(user_id=request.user.pk, notice_id=notice_id)
    if request.method == "GET":
        services.mark_read(user_id=request.user.pk, notice_id=row.pk, now=clock.now())
    if row.url and url_has_allowed_host_and_scheme(row.url, {request.get_host()}):
        return redirect(row.url)
    return render(request, "accounts/notice.html", {"notice": row})


@member
@require_POST
def read_all(request: MemberRequest) -> HttpResponse:
    count = services.mark_all_read(user_id=request.user.pk, now=clock.now())
    if count:
        messages.success(request, _("All messages are marked as read."))
    return redirect("accounts:inbox")
