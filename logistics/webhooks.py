"""Where carriers push to. The address is unguessable, and the message must prove itself over its raw bytes."""

from __future__ import annotations

import hmac
import logging

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from core import clock
from core.guards import signed
from flows import fulfilment
from logistics.carriers.base import BadSignature, Malformed
from logistics.models import Carrier
from logistics.services import pushes

log = logging.getLogger(__name__)


@signed
@require_POST
def carrier_push(request: HttpRequest, carrier: str, token: str) -> JsonResponse:
    """401 and nothing kept without a good signature; 200 also for parcels we do not know yet."""
    row = Carrier.objects.filter(code=carrier, is_active=True).first()
    if row is None or not hmac.compare_digest(row.push_token.encode(), token.encode("utf-8", "replace")):
        raise Http404
    now = clock.now()
    try:
        push = pushes.accept(carrier=row, raw_body=request.body, headers=request.headers, now=now)
    except BadSignature as fault:
        log.warning("a push to %s was not signed by it: %s", row.code, fault)
        return JsonResponse({"result": False, "message": "bad signature"}, status=401)
    except Malformed as fault:
        return JsonResponse({"result": False, "message": str(fault)}, status=400)
    pushes.work_off(push, receive=fulfilment.tracking_received, now=now)
    return JsonResponse({"result": True})
