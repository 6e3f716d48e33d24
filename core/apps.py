from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        """Register the deploy checks and the lookup ``among``."""
        from core import bulk, checks  # noqa: F401
