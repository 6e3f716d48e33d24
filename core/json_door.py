"""A door for people and for scripts: the same address takes a form (with its CSRF token) or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from core.errors import Invalid

View = Callable[..., HttpResponseBase]
JSON = "application/json"


def json_door(view: View) -> View:
    """
    Take JSON without a CSRF token; forms still need theirs.

    No page of another site can make a browser send JSON here: the browser asks first, and we do not answer that.
    For the sandbox only.
    """
    protected = csrf_protect(view)

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        chosen = view if request.content_type == JSON else protected
        return chosen(request, *args, **kwargs)

    return csrf_exempt(door)


def payload(request: HttpRequest) -> Mapping[str, Any]:
    """
    What was sent, by form or as a JSON object.

    :raises Invalid: if it is not a JSON object
    """
    if request.content_type != JSON:
        return request.POST.dict()
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError) as fault:
        raise Invalid(_("This is not JSON.")) from fault
    if not isinstance(sent, dict):
        raise Invalid(_("A JSON object is expected."))
    return sent
