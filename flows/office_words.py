"""
The words of staff's trails: what was done with a store, its application and an announcement, and which clocks run.

What happens to an account has its words in ``account_words``; these come beside them.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from flows import account_words
from flows.account_words import Words

ACTS: Words = {
    **account_words.ACTS,
    "application.begun": gettext_lazy("The application was begun"),
    "application.draft": gettext_lazy("The application was taken up again"),
    "application.submitted": gettext_lazy("The application was sent in"),
    "application.taken": gettext_lazy("A reviewer took the application"),
    "application.assigned": gettext_lazy("The application was given to a reviewer"),
    "application.numbers_viewed": gettext_lazy("The sealed numbers of the application were looked at"),
    "application.returned": gettext_lazy("The application was sent back for correction"),
    "application.approved": gettext_lazy("The application was approved"),
    "application.refused": gettext_lazy("The application was refused"),
    "application.lapsed": gettext_lazy("The application lapsed: nothing was sent in"),
    "payouts.held": gettext_lazy("Payouts of the store were held back"),
    "payouts.let_go": gettext_lazy("Payouts of the store go on"),
    "announcement.written": gettext_lazy("The announcement was written"),
    "announcement.changed": gettext_lazy("The announcement was changed"),
    "announcement.published": gettext_lazy("The announcement was published"),
    "announcement.withdrawn": gettext_lazy("The announcement was withdrawn"),
}
CLOCKS: Words = {
    "papers.purge": gettext_lazy("The papers are destroyed, unless something needs them"),
    "store.check": gettext_lazy("The yearly check opens"),
    "store.look_again": gettext_lazy("Staff are reminded of the suspension"),
    "store.wind_up": gettext_lazy("Whether everything of the store has ended is looked at"),
    "store.sign_end": gettext_lazy("Staff are reminded that a second person is wanted"),
    "payout.due": gettext_lazy("The next payout leaves"),
}


def act_words(act: str) -> str:
    return str(ACTS.get(act, act))


def clock_words(kind: str) -> str:
    return str(CLOCKS.get(kind, kind))
