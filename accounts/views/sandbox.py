"""The sandbox's front door: demo people, and every message as it left."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import entering
from accounts.languages import remember_language
from accounts.models import OutgoingMessage, User
from accounts.queries.demo import DemoPerson, demo_people, demo_user
from accounts.queries.outbox import outgoing
from core.errors import NotFound
from core.guards import sandbox
from core.http import wants_json
from core.json_door import json_door, payload

BACKEND = settings.AUTHENTICATION_BACKENDS[0]
PER_PAGE = 50
ENTRANCES = {"merchant": "merchant:home", "mediator": "console:home"}


@sandbox
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, who can be tried, and the machines: clock, outbox, bank, carrier."""
    people = demo_people()
    page = {
        "shown": [person for person in people if person.is_prominent],
        "others": [person for person in people if not person.is_prominent],
    }
    return render(request, "sandbox/home.html", page)


@sandbox
@json_door
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of the demo people, without a password."""
    email = str(payload(request).get("email", ""))
    user = demo_user(email)
    if user is None:
        raise NotFound(_("This is not one of the demo people."))
    login(request, user, backend=BACKEND)
    entering.enter(request, user, verified_by="sandbox", method="sandbox")
    response = _welcome(request, user)
    entering.keep_device(request, response)
    remember_language(response, user.language)
    return response


def _welcome(request: HttpRequest, user: User) -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"id": str(user.pk), "email": user.email, "name": user.name})
    role = next((person.role for person in demo_people() if person.email == user.email), "buyer")
    return redirect(reverse(ENTRANCES.get(role, "shop:home")))


@sandbox
@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Messages, newest first: ``?to=`` a part of the address, ``?channel=sms|email``."""
    to, channel = request.GET.get("to", "")[:254], request.GET.get("channel", "")
    page = Paginator(outgoing(to=to, channel=channel), PER_PAGE).get_page(request.GET.get("page"))
    if wants_json(request):
        return JsonResponse({"messages": [_as_json(row) for row in page]})
    here = reverse("sandbox:outbox")
    tabs = [
        {"label": label, "url": f"{here}?channel={name}" if name else here, "current": channel == name}
        for name, label in (("", _("All")), ("sms", _("Text messages")), ("email", _("E-mail")))
    ]
    context = {"page": page, "to": to, "channel": channel, "tabs": tabs, "people": _recipients()}
    return render(request, "sandbox/outbox.html", context)


def _recipients() -> list[DemoPerson]:
    return [person for person in demo_people() if person.is_prominent]


def _as_json(row: OutgoingMessage) -> dict[str, object]:
    return {
        "channel": row.channel,
        "to": row.to,
        "subject": row.subject,
        "body": row.body,
        "created_at": row.created_at.isoformat(),
        "sent_at": row.sent_at.isoformat() if row.sent_at else None,
    }
