"""Where an address is, for people: ``{{ row.ip|place:row.country }}``."""

from __future__ import annotations

from django import template

from accounts.towns import place_words

register = template.Library()
register.filter("place", place_words)
