"""The options of a replay that hold several numbers, read together so that all faults are said at once."""

from itertools import product
from typing import Final

from cti_lookup.errors import SettingsError
from cti_lookup.replaying.measured import Choice
from cti_lookup.replaying.passing import AT_ONCE
from cti_lookup.replaying.simulated import Latency
from cti_lookup.telephone import is_region

_MOST_CHOICES: Final = 24
_LONGEST: Final = 7 * 86_400.0
_FASTEST: Final = 1e6
_TAIL: Final = 3.0
"""How many times its median the directory's p99 is, where that is not said."""

_SLOWEST_MS: Final = 60_000.0


class Options:
    """Reads options, and keeps what is wrong with them until all have been read."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def numbers(self, name: str, text: str, *, most: float, least: float = 0.0) -> tuple[float, ...]:
        """Read numbers that commas separate, above `least`."""
        try:
            read = tuple(float(one) for one in text.split(","))
        except ValueError:
            read = ()
        if not read or not all(least < one <= most for one in read):
            self.faults.append(
                f"--{name}: is a number above {least:g}, at most {most:.0f}; several are separated by commas"
            )
            return (most,)
        return read

    def speed(self, text: str) -> float:
        """Read `max`, or how many times as fast a day is to be."""
        return AT_ONCE if text == "max" else self.numbers("speed", text, most=_FASTEST)[0]

    def latency(self, text: str) -> Latency:
        """Read a median and perhaps a p99, in milliseconds."""
        read = self.numbers("directory-ms", text, most=_SLOWEST_MS)
        median, p99 = read[0], read[1] if len(read) > 1 else _TAIL * read[0]
        if len(read) > 2 or p99 < median:  # noqa: PLR2004  # a median and a p99
            self.faults.append(
                "--directory-ms: is a median, and perhaps a comma and a p99 that is not smaller"
            )
        return Latency(median / 1000, max(median, p99) / 1000)

    def region(self, text: str) -> str | None:
        """Read a region, or none."""
        code = text.strip().upper()
        if code and not is_region(code):
            self.faults.append(
                "--region: is no region with a numbering plan; use an ISO 3166 code such as US or DE"
            )
        return code or None

    def choices(self, ttl: str, negative_ttl: str, stale_ttl: str) -> tuple[Choice, ...]:
        """Combine all times with each other."""
        lists = (
            self.numbers("ttl", ttl, most=_LONGEST),
            self.numbers("negative-ttl", negative_ttl, most=_LONGEST),
            self.numbers("stale-ttl", stale_ttl, most=_LONGEST),
        )
        combined = tuple(dict.fromkeys(Choice(*times) for times in product(*lists)))
        if len(combined) > _MOST_CHOICES:
            self.faults.append(
                f"--ttl, --negative-ttl, --stale-ttl: are more than {_MOST_CHOICES} combinations"
            )
        return combined

    def check(self) -> None:
        """Raise `SettingsError` if anything was wrong."""
        if self.faults:
            raise SettingsError(tuple(self.faults))
