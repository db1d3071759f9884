"""CXone as the domain's `InteractionSource`: facts of the tenant, each interaction once, nothing judged.

What a reading had to leave out or to assume is counted in `skipped` and `assumed`, never silent.
"""

from collections.abc import Iterator, Mapping, Sequence

from memorialization.errors import ConfigurationError
from memorialization.ports import Batch, Channel, Wanted, Window
from plugins.cxone.client import CxoneClient
from plugins.cxone.digital import DigitalReader
from plugins.cxone.lookups import Lookups
from plugins.cxone.options import CxoneOptions, Tally
from plugins.cxone.voice import voice_batches


class CxoneSource:
    """Agent legs of one tenant; names behind ids are looked up once per source."""

    def __init__(
        self, client: CxoneClient, *, phone_regions: Sequence[str] = (), options: CxoneOptions | None = None
    ) -> None:
        """`phone_regions` (DE, US, ...) read national phone numbers of digital customers; each is tried."""
        self._client = client
        self._phone_regions = tuple(phone_regions)
        self._options = options or CxoneOptions()
        self._lookups = Lookups(client)
        self._tally = Tally()

    @property
    def skipped(self) -> Mapping[str, int]:
        """Rows and cases left out so far, by reason."""
        return dict(self._tally.skipped)

    @property
    def assumed(self) -> Mapping[str, int]:
        """Legs whose facts are partly assumed or withheld so far, by reason."""
        return dict(self._tally.assumed)

    def interactions(self, channel: Channel, window: Window, wanted: Wanted) -> Iterator[Batch]:
        """Legs whose end lies in `window`, digital ones still open, those of `wanted.again`, and older ones that
        CXone changed since `wanted.changed_since`.

        A leg that ended at or after the window's end is the next window's, even if it was open at the end of
        this one. Raises only errors of `memorialization.errors`.
        """
        if window.start.tzinfo is None or window.end.tzinfo is None or wanted.since.tzinfo is None:
            raise ConfigurationError("the window's times need a time zone")
        if channel == "voice":
            yield from voice_batches(self._client, self._lookups, window, wanted, self._options, self._tally)
        else:
            yield from DigitalReader(
                self._client, self._lookups, window, wanted, self._options, self._phone_regions, self._tally
            ).batches()
