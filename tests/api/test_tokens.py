"""A token as it is made, used and closed."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import ApiToken
from core.models import AuditEntry
from tests.api.people import ask, client_of
from tests.factories.shop import StoreFactory

pytestmark = pytest.mark.django_db


def run(*args: str) -> str:
    out = StringIO()
    call_command("api_token", *args, stdout=out)
    return out.getvalue().strip()


def test_it_is_printed_once_works_and_can_be_closed():
    store = StoreFactory()
    secret = run(store.slug, "--name", "ERP")
    system = client_of()
    system.credentials(HTTP_AUTHORIZATION=f"Token {secret}")
    assert ask(system, "get", "/merchant/balance/").status == 200
    assert secret not in str(ApiToken.objects.values().get())
    assert run(store.slug, "--name", "other", "--revoke") == "0 closed"
    assert run(store.slug, "--name", "ERP", "--revoke") == "1 closed"
    assert ask(system, "get", "/merchant/balance/").status == 401
    acts = list(AuditEntry.objects.filter(subject_type="api_token").order_by("id").values_list("act", flat=True))
    assert acts == ["api_token.made", "api_token.revoked"]


def test_a_store_that_is_not_there_has_none():
    with pytest.raises(CommandError):
        run("nowhere")
