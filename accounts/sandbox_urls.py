"""Everything under /sandbox/. Each engine lists its own pages; their names are all in the namespace ``sandbox``."""

from __future__ import annotations

from django.urls import include, path

from accounts.views import sandbox
from core.views import clock

app_name = "sandbox"
urlpatterns = [
    path("", sandbox.home, name="home"),
    path("sign-in/", sandbox.sign_in, name="sign-in"),
    path("clock/", clock.clock_page, name="clock"),
    path("outbox/", sandbox.outbox, name="outbox"),
    path("", include("escrow.sandbox_urls")),
    path("", include("logistics.sandbox_urls")),
]
