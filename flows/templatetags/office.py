"""Acts and clocks in words, for staff: ``{{ entry.act|act_words }}``, ``{{ clock.kind|clock_words }}``."""

from __future__ import annotations

from django import template

from flows.office_words import act_words, clock_words

register = template.Library()
register.filter("act_words", act_words)
register.filter("clock_words", clock_words)
