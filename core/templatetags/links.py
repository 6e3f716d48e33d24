"""Links that leave the site: never straight, always by the page that warns."""

from __future__ import annotations

import re

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core import links

register = template.Library()
BUTTON = re.compile(r"(https?://\S+?)(/accounts/(?:not-me|stop|recovery/stop)/[\w.:-]+/)")


@register.simple_tag
def leaving(subject: object, link: str) -> str:
    """The page that warns, for a product's stored link: ``{% leaving product.pk product.manual_url %}``."""
    return f"{reverse('shop:leaving')}?{urlencode({'to': links.way_out(subject, link)})}"


@register.filter
def host(link: str) -> str:
    """The host alone, as the browser would ask for it."""
    return links.host_of(link)


@register.filter
def with_buttons(text: str) -> SafeString:
    """
    A notice's words, in which the addresses of our own buttons (“this was not me”) can be pressed.

    Only those, and only of this site: others write notices too, and whatever they name stays words.
    """
    parts: list[SafeString | str] = []
    end = 0
    for found in BUTTON.finditer(text):
        if found[1] == settings.SITE_URL:
            word = _("Open the page with the button")
            parts += [text[end : found.start()], format_html('<a href="{}">{}</a>', found[2], word)]
            end = found.end()
    return format_html_join("", "{}", ((part,) for part in [*parts, text[end:]]))
