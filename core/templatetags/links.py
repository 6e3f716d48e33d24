"""Links that leave the site: never straight, always by the page that warns."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.http import urlencode

from core import links

register = template.Library()


@register.simple_tag
def leaving(subject: object, link: str) -> str:
    """The page that warns, for a product's stored link: ``{% leaving product.pk product.manual_url %}``."""
    return f"{reverse('shop:leaving')}?{urlencode({'to': links.way_out(subject, link)})}"


@register.filter
def host(link: str) -> str:
    """The host alone, as the browser would ask for it."""
    return links.host_of(link)
