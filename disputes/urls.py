"""Addresses of after-sale for both parties."""

from __future__ import annotations

from django.urls import path

from disputes.views import files, room, wizard

app_name = "disputes"
urlpatterns = [
    path("orders/<str:number>/case/", wizard.case_new, name="case-new"),
    path("cases/evidence/<uuid:pk>/", files.evidence_file, name="evidence-file"),
    path("cases/evidence/<uuid:pk>/original/", files.evidence_original, name="evidence-original"),
    path("cases/<str:number>/", room.case, name="case"),
    path("cases/<str:number>/say/", room.say, name="case-say"),
    path("cases/<str:number>/evidence/", room.evidence, name="case-evidence"),
    path("cases/<str:number>/offer/", room.offer, name="case-offer"),
    path("cases/<str:number>/accept/", room.accept, name="case-accept"),
    path("cases/<str:number>/refuse/", room.refuse, name="case-refuse"),
    path("cases/<str:number>/escalate/", room.escalate, name="case-escalate"),
    path("cases/<str:number>/withdraw/", room.withdraw, name="case-withdraw"),
    path("cases/<str:number>/send-back/", room.send_back, name="case-send-back"),
    path("cases/<str:number>/goods-back/", room.goods_back, name="case-goods-back"),
    path("cases/<str:number>/resend/", room.resend, name="case-resend"),
]
