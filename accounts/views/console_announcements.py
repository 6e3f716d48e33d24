"""Staff's announcements: written, looked at in both languages, published, withdrawn; what was done with each."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.confirming import ensure
from accounts.forms.announcements import AnnouncementForm
from accounts.models import Announcement
from accounts.queries import announcements as queries
from accounts.queries.people import people
from accounts.requests import MemberRequest
from accounts.services import announcements as services
from accounts.services.step_up import Act
from core import clock
from core.actor import Actor
from core.errors import DomainError, Invalid
from core.guards import mediator
from core.http import actor_of
from disputes.views.queue_tabs import queue_tabs

PER_PAGE = 30
VIEWS = {str(state): state.label for state in Announcement.State}


@mediator
@require_safe
def announcements(request: MemberRequest) -> HttpResponse:
    """Those in one state."""
    now, view = clock.now(), request.GET.get("view", "shown")
    view = view if view in VIEWS else "shown"
    url = reverse("console:announcements")
    tabs = queue_tabs(VIEWS, queries.counts(now=now), current=view, url=url, urgent="draft")
    page = Paginator(queries.for_staff(view, now=now), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "console/announcements.html", {"tabs": tabs, "page": page, "view": view})


@mediator
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: MemberRequest) -> HttpResponse:
    """Begin a draft."""
    form = AnnouncementForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        row = _saved(form, lambda words: services.write(words=words, actor=actor_of(request), now=clock.now()))
        if row is not None:
            return redirect("console:announcement", row.pk)
    return render(request, "console/announcement_new.html", {"form": form}, status=422 if form.errors else 200)


@mediator
@require_http_methods(["GET", "HEAD", "POST"])
def announcement(request: MemberRequest, announcement_id: int) -> HttpResponse:
    """One of them as readers will see it; a draft can be changed."""
    row, actor = queries.one(announcement_id), actor_of(request)
    form = AnnouncementForm(request.POST or None, instance=queries.one(announcement_id))
    if request.method == "POST" and form.is_valid() and _rewritten(row.pk, form, actor):
        messages.success(request, _("Saved."))
        return redirect("console:announcement", row.pk)
    return render(request, "console/announcement.html", _page(row, form), status=422 if form.errors else 200)


@mediator
@require_POST
def act(request: MemberRequest, announcement_id: int) -> HttpResponse:
    """Publish it, which asks who is there; withdraw it; write it anew."""
    actor, now = actor_of(request), clock.now()
    match request.POST.get("act", ""):
        case "publish":
            _publish(request, announcement_id)
        case "withdraw":
            reason = request.POST.get("reason", "")
            services.withdraw(announcement_id=announcement_id, reason=reason, actor=actor, now=now)
        case "copy":
            announcement_id = services.copy(announcement_id=announcement_id, actor=actor, now=now).pk
        case _:
            raise Invalid
    messages.success(request, _("Done."))
    return redirect("console:announcement", announcement_id)


@transaction.atomic
def _publish(request: MemberRequest, announcement_id: int) -> None:
    """Confirmed for the words that the page has shown, and for no others."""
    read = request.POST.get("read", "")[:64]
    services.publish(announcement_id=announcement_id, actor=actor_of(request), now=clock.now(), read=read)
    ensure(request, Act("mass_message", target=f"announcement:{announcement_id}:{read}"))


def _rewritten(announcement_id: int, form: AnnouncementForm, actor: Actor) -> bool:
    save = partial(services.rewrite, announcement_id=announcement_id, actor=actor)
    return _saved(form, lambda words: save(words=words)) is not None


def _saved(form: AnnouncementForm, save: Any) -> Announcement | None:
    try:
        row: Announcement = save(form.words())
    except DomainError as refusal:
        form.add_error(None, refusal.message)
        return None
    return row


def _page(row: Announcement, form: AnnouncementForm) -> dict[str, Any]:
    history = queries.history_of(row)
    known = people([entry.user_id for entry in history if entry.user_id])
    state = row.state(clock.now())
    return {
        "row": row, "state": state, "read": services.words_of(row), "is_draft": state == Announcement.State.DRAFT,
        "is_out": state != Announcement.State.WITHDRAWN, "form": form,
        "acts": [(entry, known.get(entry.user_id) if entry.user_id else None) for entry in history],
    }  # fmt: skip
