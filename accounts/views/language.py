"""The language switch."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.views import i18n
from django.views.decorators.http import require_http_methods

from accounts.services import people
from core.guards import public


@public
@require_http_methods(["GET", "POST"])
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Django's switch, which sets the cookie; for members the account remembers it too, for messages."""
    language = request.POST.get("language", "")
    if request.user.is_authenticated and request.method == "POST" and language in dict(settings.LANGUAGES):
        people.set_language(user_id=request.user.pk, language=language)
    return i18n.set_language(request)
