"""
Who may do what in a store: role × act, as data.

Services and doors ask :func:`may`; nobody compares roles himself. A store's token acts as a role too, and never does
more than whoever made it may do now.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.security_tables import table


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    SHIPPER = "shipper", _("Shipper")
    SUPPORT = "support", _("Support")
    FINANCE = "finance", _("Finance")


class Act(models.TextChoices):
    LOOK = "look", _("See the store and its orders")
    SHIP = "ship", _("Ship orders")
    CANCEL = "cancel", _("Cancel orders that cannot be shipped")
    GRANT = "grant", _("Give buyers more time")
    ANSWER = "answer", _("Answer after-sale cases")
    GIVE_BACK = "give_back", _("Give money back after the release")
    PRODUCTS = "products", _("Write and list products")
    MONEY = "money", _("See the money and its statements")
    PAY_OUT = "pay_out", _("Ask for a payout")
    SETTINGS = "settings", _("Change carriers and the return policy")
    APPLY = "apply", _("Fill in the application, see and renew documents")
    ACCOUNT = "account", _("Change the payout account")
    TEAM = "team", _("Invite and remove people, change roles")
    KEYS = "keys", _("Make and close keys of other systems")
    WRITE = "write", _("Write to many buyers at once")


ABOUT: Mapping[Role, Promise] = {
    Role.OWNER: _("May do everything. Only owners change the payout account, the documents, the team and the keys."),
    Role.MANAGER: _("Runs the store from day to day: products, orders, cases, refunds, settings."),
    Role.SHIPPER: _("Sees orders and ships them; sees no money."),
    Role.SUPPORT: _("Talks with buyers: answers cases, gives more time, cancels what cannot be shipped."),
    Role.FINANCE: _("Sees the money and the statements, asks for payouts, gives money back."),
}

_A = Act
MAY: Mapping[Role, frozenset[Act]] = {
    Role.OWNER: frozenset(Act),
    Role.MANAGER: frozenset(Act) - {_A.APPLY, _A.ACCOUNT, _A.TEAM, _A.KEYS},
    Role.SHIPPER: frozenset({_A.LOOK, _A.SHIP}),
    Role.SUPPORT: frozenset({_A.LOOK, _A.CANCEL, _A.GRANT, _A.ANSWER}),
    Role.FINANCE: frozenset({_A.LOOK, _A.MONEY, _A.PAY_OUT, _A.GIVE_BACK}),
}


def may(role: str, act: str) -> bool:
    """Whether a role includes an act; an unknown role includes none."""
    return role in Role.values and Act(act) in MAY[Role(role)]


def as_table() -> str:
    """For docs/security.md."""
    rows = ([act.label, *("yes" if may(role, act) else "" for role in Role)] for act in Act)
    return table(["act", *(role.value for role in Role)], rows)
