"""A service whose agents look at it, in this process and over real HTTP."""

from tests.service.conftest import no_settings_from_outside, service, start

__all__ = ["no_settings_from_outside", "service", "start"]
