"""Accounts are tried with mails that arrive: pytest-django swaps the backend for one that drops them."""

import pytest


@pytest.fixture(autouse=True)
def mails_arrive(settings):
    settings.EMAIL_BACKEND = "accounts.channels.sandbox.EmailBackend"
