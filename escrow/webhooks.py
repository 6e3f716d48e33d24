"""The door for payment providers' notices."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from core import clock
from core.errors import DomainError, NotFound
from core.guards import signed
from escrow.gateways import gateway as provider_of
from escrow.gateways.base import Acknowledges, BadSignature, Malformed, Unavailable
from flows import purchase


@signed
@require_POST
def payment_notice(request: HttpRequest, gateway: str) -> HttpResponse:
    """
    Take in a notice. 2xx only once it is worked off: otherwise the provider sends it again.

    401 for what the provider has not signed, 400 for what is no notice, 503 while the provider itself cannot be asked.
    """
    try:
        provider = provider_of(gateway)
        purchase.notice_received(gateway=gateway, raw_body=request.body, headers=request.headers, now=clock.now())
    except (BadSignature, Malformed, NotFound, Unavailable) as refusal:
        return JsonResponse(refusal.as_json(), status=refusal.status)
    except DomainError as refusal:
        return JsonResponse(refusal.as_json(), status=409)
    if isinstance(provider, Acknowledges):
        content_type, body = provider.acknowledgement
        return HttpResponse(body, content_type=content_type)
    return JsonResponse({"status": "ok"})
