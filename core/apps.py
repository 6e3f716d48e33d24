from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        """Register the deploy checks."""
        from core import checks  # noqa: F401
