"""Which kind of program is asking, in two words: enough to tell a phone from a script, and no more than that."""

from __future__ import annotations

from django.http import HttpRequest

# The first that fits wins: everybody says Mozilla, and most say Safari.
PROGRAMS = (
    ("MicroMessenger", "WeChat"), ("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"),
    ("CriOS", "Chrome"), ("Safari", "Safari"), ("python", "Python"), ("curl", "curl"),
)  # fmt: skip
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def agent_of(request: HttpRequest) -> str:
    """``Chrome, Windows``; a question mark for what does not say."""
    said = request.META.get("HTTP_USER_AGENT", "")
    return ", ".join(next((name for mark, name in table if mark in said), "?") for table in (PROGRAMS, SYSTEMS))
