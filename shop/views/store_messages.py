"""What a store has written to many of its buyers, as one of them reads it; and the switch to hear no more of it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import MemberRequest
from core import clock
from core.guards import member
from core.http import actor_of
from shop.queries.mass import has_muted, message_to
from shop.services import mass


@member
@require_safe
def message(request: MemberRequest, pk: UUID) -> HttpResponse:
    """One message, for who was sent it."""
    row = message_to(request.user.pk, pk)
    is_muted = has_muted(request.user.pk, row.store_id)
    return render(request, "shop/store_message.html", {"row": row, "is_muted": is_muted})


@member
@require_POST
def mute(request: MemberRequest, pk: UUID) -> HttpResponse:
    """Hear no more, or again, of what this store writes to many."""
    row = message_to(request.user.pk, pk)
    if "again" in request.POST:
        mass.unmute(store_id=row.store_id, actor=actor_of(request))
        messages.success(request, _("The messages of this store reach you again."))
    else:
        mass.mute(store_id=row.store_id, actor=actor_of(request), now=clock.now())
        messages.success(request, _("Muted. What concerns your orders still reaches you."))
    return redirect("shop:store-message", pk)
