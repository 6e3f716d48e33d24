"""Pages on which the money can be checked by anybody."""

from __future__ import annotations

from django.urls import path

from escrow.views import records

app_name = "escrow"
urlpatterns = [
    path("verify/", records.verify, name="verify"),
    path("verify/verify.py", records.program, name="verifier"),
    path("custody/", records.custody, name="custody"),
]
