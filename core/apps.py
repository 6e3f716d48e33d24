from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        """Register the deploy checks, the lookup ``among`` and the alarm of the audit trail."""
        from django.utils.translation import gettext_lazy as _

        from core import alarms, audit_seal, bulk, checks  # noqa: F401

        alarms.register("audit.late", _("Audit entries have waited too long to be sealed."), audit_seal.is_late)
