"""A member's own pages under /me/."""

from __future__ import annotations

from django.urls import path

from accounts.views import (
    addresses,
    confirm,
    devices,
    factors,
    inbox,
    incidents,
    me,
    passkeys,
    safety,
    security,
    third_party,
)

app_name = "accounts"
urlpatterns = [
    path("", me.me, name="me"),
    path("addresses/", addresses.addresses, name="addresses"),
    path("addresses/new/", addresses.address_new, name="address-new"),
    path("addresses/parse/", addresses.address_parse, name="address-parse"),
    path("addresses/restore/", addresses.address_restore, name="address-restore"),
    path("addresses/<uuid:address_id>/", addresses.address_edit, name="address-edit"),
    path("addresses/<uuid:address_id>/delete/", addresses.address_delete, name="address-delete"),
    path("addresses/<uuid:address_id>/default/", addresses.address_default, name="address-default"),
    path("regions/", addresses.regions_options, name="regions"),
    path("confirm/<slug:purpose>/", confirm.confirm, name="confirm"),
    path("devices/", devices.devices, name="devices"),
    path("devices/lock/", devices.lock, name="device-lock"),
    path("devices/others/", devices.end_others, name="end-others"),
    path("devices/<uuid:device_id>/name/", devices.rename, name="device-name"),
    path("devices/<uuid:device_id>/revoke/", devices.revoke, name="device-revoke"),
    path("devices/sessions/<uuid:stay_id>/end/", devices.end, name="stay-end"),
    path("security/", security.security, name="security"),
    path("security/password/later/", security.password_later, name="password-later"),
    path("security/app/", factors.app, name="factor-app"),
    path("security/app/remove/", factors.app_remove, name="factor-app-remove"),
    path("security/recovery/", factors.recovery, name="factor-recovery"),
    path("security/passkeys/add/", passkeys.add, name="passkey-add"),
    path("security/passkeys/<int:passkey_id>/name/", passkeys.rename, name="passkey-name"),
    path("security/passkeys/<int:passkey_id>/remove/", passkeys.remove, name="passkey-remove"),
    path("security/accounts/add/", third_party.add, name="third-party-add"),
    path("security/accounts/<int:account_id>/disconnect/", third_party.disconnect, name="third-party-disconnect"),
    path("security/accounts/<slug:provider>/connect/", third_party.connect, name="third-party-connect"),
    path("logins/", devices.logins, name="logins"),
    path("safety/", safety.safety, name="safety"),
    path("safety/reopen/", safety.reopen, name="reopen"),
    path("incidents/new/", incidents.new, name="incident-new"),
    path("incidents/<uuid:incident_id>/", incidents.incident, name="incident"),
    path("incidents/<uuid:incident_id>/say/", incidents.say, name="incident-say"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="inbox-read-all"),
    path("inbox/<uuid:notice_id>/", inbox.notice, name="notice"),
]
