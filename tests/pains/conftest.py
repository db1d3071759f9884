"""The twin's HubSpot and a scripted CXone, as the tests of the two clients have them."""

from tests.plugins.cxone.conftest import scripted
from tests.plugins.hubspot.conftest import api_version, serve, twin

__all__ = ["api_version", "scripted", "serve", "twin"]
