from tests.contracts.partners import Partner

PARTNER = Partner(name="stripe", dialect="stripe", currency="USD")
