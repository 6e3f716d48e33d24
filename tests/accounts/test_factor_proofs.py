"""A proof that is given for one change of what signs in serves that change alone."""

from __future__ import annotations

import pytest

from accounts.models import TotpSecret
from accounts.services.step_up import Act
from tests.accounts.proofs import confirm_page, prove
from tests.accounts.test_factors import APP, CODES, PHONE, with_app
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lin(client):
    lin = UserFactory(phone=PHONE)
    client.force_login(lin)
    return lin


def test_a_proof_for_one_factor_changes_no_other(client, lin):
    """Seen red while a proof named the purpose alone: whoever shared the session spent it on something else."""
    with_app(lin)
    prove(client, lin, Act("factor", target="app"))
    for path in ("/me/security/app/remove/", CODES, "/me/security/accounts/google/connect/"):
        assert client.post(path).status_code in (403, 404), path
    assert TotpSecret.objects.filter(user=lin).exists()


def test_the_page_that_asks_first_gives_the_proof_the_form_wants(client, lin):
    asked = client.get(APP)
    assert asked.url == "/me/confirm/factor/?next=%2Fme%2Fsecurity%2Fapp%2F&target=app"
    page = client.post(asked.url, {"step_up_way": client.get(asked.url).context["ways"][0].name})
    assert confirm_page(client, page, to=PHONE).url == APP
    assert client.get(APP).status_code == 200
