"""A store's team: who is in it, invitations, roles, leaving; and which store somebody is in who works in several."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import MemberRequest
from core import clock
from core.errors import DomainError, NotFound
from core.guards import member
from core.http import actor_of
from flows import guarding
from shop.forms.vetting import InviteForm
from shop.guards import CHOSEN, MerchantRequest, merchant, sensitive
from shop.queries.stores import stores_of
from shop.queries.team import open_invitations, team_of
from shop.roles import ABOUT, MAY, Act, Role, may
from shop.services import mutes
from shop.services import team as services
from shop.views.document_slots import show


@merchant
@require_http_methods(["GET", "HEAD"])
def team(request: MerchantRequest) -> HttpResponse:
    """Everybody of the store, with what each role may do."""
    return _page(request, InviteForm())


@merchant(Act.TEAM)
@require_POST
@sensitive("team")
def invite(request: MerchantRequest) -> HttpResponse:
    """Invite somebody by e-mail or phone."""
    form = InviteForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        row = services.invite(store=request.store, actor=actor_of(request), now=clock.now(), **form.cleaned_data)
    except DomainError as refusal:
        show(form, refusal)
        return _page(request, form, status=422)
    messages.success(request, _("Invited: a link is on its way to %(to)s.") % {"to": row.to})
    return redirect("merchant:team")


@merchant(Act.TEAM)
@require_POST
@sensitive("team")
def revoke(request: MerchantRequest, pk: UUID) -> HttpResponse:
    """Take an invitation back."""
    services.revoke(store=request.store, invitation_id=pk, actor=actor_of(request), now=clock.now())
    messages.success(request, _("The invitation is taken back; its link opens nothing any more."))
    return redirect("merchant:team")


@merchant(Act.TEAM)
@require_POST
@sensitive("team")
def role(request: MerchantRequest, user_id: UUID) -> HttpResponse:
    """Give somebody another role."""
    wanted = request.POST.get("role", "")
    services.change_role(store=request.store, user_id=user_id, role=wanted, actor=actor_of(request), now=clock.now())
    messages.success(request, _("Changed. It works from the next click on."))
    return redirect("merchant:team")


@merchant
@require_POST
@sensitive("team")
def remove(request: MerchantRequest, user_id: UUID) -> HttpResponse:
    """Remove somebody, or leave."""
    guarding.take_out_of_team(store=request.store, user_id=user_id, actor=actor_of(request), now=clock.now())
    if user_id == request.user.pk:
        messages.success(request, _("You have left the team."))
        return redirect("shop:home")
    messages.success(request, _("Removed. The access has ended."))
    return redirect("merchant:team")


@merchant
@require_POST
def notices(request: MerchantRequest) -> HttpResponse:
    """Say of what one wants letters; the rest is read on the site."""
    wanted, mine = request.POST.getlist("topic"), mutes.topics_of(request.store, _id(request))
    mutes.mute(store=request.store, topics=[topic for topic in mine if topic not in wanted], actor=actor_of(request))
    messages.success(request, _("Saved."))
    return redirect("merchant:team")


@member
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: MemberRequest, token: str) -> HttpResponse:
    """Accept an invitation; the link opens for nobody but the one it was sent to."""
    row = services.invitation_of(token, user_id=request.user.pk)
    if request.method != "POST":
        context = {"row": row, "role": Role(row.role), "about": ABOUT[Role(row.role)]}
        return render(request, "shop/join.html", context)
    services.join(token=token, actor=actor_of(request), now=clock.now())
    request.session[CHOSEN] = str(row.store_id)
    messages.success(request, _("Welcome to %(store)s.") % {"store": row.store.display_name})
    return redirect("merchant:home")


@merchant
@require_http_methods(["GET", "HEAD", "POST"])
def stores(request: MerchantRequest) -> HttpResponse:
    """The stores somebody works in; a POST chooses the one to be in."""
    mine = stores_of(user_id=_id(request))
    if request.method != "POST":
        rows = [{"store": row, "role": Role(row.my_role).label, "current": row.pk == request.store.pk} for row in mine]
        return render(request, "merchant/stores.html", {"rows": rows})
    chosen = next((row for row in mine if str(row.pk) == request.POST.get("store", "")), None)
    if chosen is None:
        raise NotFound
    request.session[CHOSEN] = str(chosen.pk)
    return redirect("merchant:home")


def _id(request: HttpRequest) -> UUID:
    return request.user.pk  # type: ignore[return-value]


def _topics(request: MerchantRequest) -> list[dict[str, Any]]:
    """Of what I may do without letters, and whether I do."""
    quiet = mutes.muted_by(request.store, _id(request))
    may_choose = not mutes.must_hear(request.store, _id(request))
    topics = mutes.topics_of(request.store, _id(request)) if may_choose else []
    return [{"topic": topic, "loud": topic not in quiet} for topic in topics]


def _page(request: MerchantRequest, form: InviteForm, *, status: int = 200) -> HttpResponse:
    context = {
        "seats": team_of(request.store), "form": form, "table": _table(), "roles": Role.choices,
        "heads": [_("What"), *(str(role.label) for role in Role)], "me": _id(request),
        "can_manage": may(request.store.my_role, Act.TEAM),
        "invitations": open_invitations(request.store) if may(request.store.my_role, Act.TEAM) else [],
        "topics": _topics(request),
        "about": [(role.label, ABOUT[role]) for role in Role],
    }  # fmt: skip
    return render(request, "merchant/team.html", context, status=status)


def _table() -> list[list[Any]]:
    """Role × act as people read it."""
    return [[act.label, *(_("yes") if act in MAY[role] else "–" for role in Role)] for act in Act]
