"""How long what is written down stays (ASVS 14.2.7). The table with its reasons: flows/retention.py."""

from __future__ import annotations

from config.env import env

# Sealed papers. The law wants a platform to keep who traded there for three years after they left it.
PAPERS_ENDED_DAYS = env.int("PAPERS_ENDED_DAYS", default=1096)
PAPERS_REFUSED_DAYS = env.int("PAPERS_REFUSED_DAYS", default=180)  # of applications that were refused or have lapsed

# Class of data → days after which the nightly job deletes it; KEEP_NOTICES_DAYS=730 and so on changes one.
KEEP_DAYS: dict[str, int] = {
    "logins": 365,  # not less than 180: who says that somebody was in his account is answered from these
    "challenges": 365,  # not less than 180
    "stays": 365,
    "devices": 365,
    "qr": 180,
    "changes": 1096,  # not less than 180
    "recoveries": 1096,
    "notices": 365,
    "notices_unread": 730,
    "messages": 180,
    "tokens": 365,
    "invitations": 365,
    "reports": 1096,
    "carts": 90,
    "jobs": 90,
    "deadlines": 365,
    "events": 90,
    "quarantine": 30,
    "sessions": 0,  # after they have run out
}
KEEP_DAYS = {name: env.int(f"KEEP_{name.upper()}_DAYS", default=days) for name, days in KEEP_DAYS.items()}
