"""Announcements for everybody: the list, each by its lasting address, and the cross that closes one."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Announcement
from accounts.news import dismissed_by, remember_dismissed
from accounts.queries import announcements as queries
from accounts.services.announcements import dismiss
from core import clock
from core.guards import public
from core.http import is_own_place

PER_PAGE = 20
ALL = gettext_lazy("All")


@public
@require_safe
def announcements(request: HttpRequest) -> HttpResponse:
    """All that were published, the newest first."""
    now, kind = clock.now(), request.GET.get("kind", "")
    kind = kind if kind in Announcement.Kind.values else ""
    rows = queries.published(is_staff=_is_staff(request), kind=kind, now=now)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    url = reverse("announcements")
    tabs = [{"label": ALL, "url": url, "current": not kind}] + [
        {"label": one.label, "url": f"{url}?kind={one}", "current": kind == one} for one in Announcement.Kind
    ]
    shown = [{"row": row, "state": row.state(now)} for row in page]
    return render(request, "pages/announcements.html", {"page": page, "rows": shown, "tabs": tabs})


@public
@require_safe
def announcement(request: HttpRequest, announcement_id: int) -> HttpResponse:
    """One of them, for as long as the site stands."""
    now = clock.now()
    row = queries.readable(announcement_id, is_staff=_is_staff(request), now=now)
    return render(request, "pages/announcement.html", {"row": row, "state": row.state(now)})


@public
@require_POST
def announcement_dismiss(request: HttpRequest, announcement_id: int) -> HttpResponse:
    """Show it no more: to a member wherever he is, to a visitor in this browser."""
    row = queries.readable(announcement_id, is_staff=_is_staff(request), now=clock.now())
    back = request.POST.get("next", "")
    answer = redirect(back if is_own_place(request, back) else reverse("shop:home"))
    if request.user.is_authenticated:
        dismiss(user_id=request.user.pk, announcement_ids=[row.pk])
    else:
        remember_dismissed(answer, dismissed_by(request) | {row.pk})
    return answer


def _is_staff(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_mediator", False))
