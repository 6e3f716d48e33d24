"""Our word in allauth's flows."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter


class AccountAdapter(DefaultAccountAdapter):
    """Filled below; see ACCOUNT_ADAPTER in the settings."""
