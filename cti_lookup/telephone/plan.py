"""
Numbering plans: the only module that knows the `phonenumbers` library.

Facts:
- A *valid* number survives parse -> E.164 -> parse unchanged; a merely *possible* one (right length, no plan
  knows it) does not always. So a possible number is kept as its own digits, never re-formatted.
- Region US does not understand a leading `00`; every region's `00` is therefore read here, not by the library.
- Mexico dropped the `1` after `+52` for mobiles in 2019; carriers and directories still write it.
- `011` is an international prefix only in the North American plan; in Turin and Johannesburg it is an area code.
"""

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module, invalidate_caches
from typing import Final

import msgspec
import phonenumbers
from phonenumbers import timezone
from phonenumbers.phonemetadata import PhoneMetadata
from phonenumbers.tzdata import TIMEZONE_DATA

NANP: Final = 1
"""Country code of the North American numbering plan."""

_SHORTEST_E164: Final = 7
_LONGEST_COUNTRY_CODE: Final = 3
_LONGEST_E164: Final = 15
_FORMER_MEXICAN_MOBILE: Final = re.compile(r"521([0-9]{10})")
_LOCAL_DIGITS: Final = re.compile(r"[2-9][0-9]{6}")


class E164(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """A number with its country: `+` and 7 to 15 digits, as :func:`international` or :func:`national` made it."""

    text: str

    @property
    def digits(self) -> str:
        """The number without its sign."""
        return self.text[1:]


class LocalNumber(msgspec.Struct, frozen=True, gc=False):
    """The seven digits a North American phone system sends for a call within its own area."""

    digits: str
    country_code: int = NANP


Number = E164 | LocalNumber


@dataclass(frozen=True, slots=True)
class Description:
    """What the numbering plan says of a number: how it is written at home, and where home is."""

    national: str
    region: str | None
    time_zones: tuple[str, ...]


def is_region(code: str) -> bool:
    """Tell whether `code` is an ISO 3166 region that has a numbering plan."""
    return code in phonenumbers.SUPPORTED_REGIONS


def international(digits: str) -> E164 | None:
    """
    Read digits that begin with a country code; None unless some plan calls the number valid.

    A trunk zero that was left in (`+44 (0)20 ...`) is dropped where the plan has one.
    """
    if number := _valid(f"+{digits}", None):
        return number
    former = _FORMER_MEXICAN_MOBILE.fullmatch(digits)
    return _valid(f"+52{former[1]}", None) if former else None


def national(digits: str, region: str) -> E164 | None:
    """Read digits as a number dialled within `region`; None unless valid there."""
    return _valid(digits, region)


def unassigned_international(digits: str) -> E164 | None:
    """
    Read digits with a country code whose number has a possible length though no plan knows it.

    Such a number (`+1 123 456 7890`, the R-Service documentation's own) is still equal to itself.
    """
    number = _parsed(f"+{digits}", None)
    if number is None or not phonenumbers.is_possible_number(number):
        return None
    return _as_written(digits)


def unassigned_national(digits: str, region: str) -> E164 | None:
    """Read national digits of a possible length though the plan does not know the number."""
    number = _parsed(digits, region)
    if number is None or phonenumbers.is_possible_number_with_reason(number) != _POSSIBLE:
        return None
    return _as_written(f"{number.country_code}{phonenumbers.national_significant_number(number)}")


def after_exit_code(digits: str, region: str | None) -> tuple[str, ...]:
    """
    Give what may follow an international prefix at the start of `digits`, a plain `00` first.

    `00` is read everywhere; `011`, `010`, `0011` and their like only where they are the region's own. A region's own
    pattern may hold carriers' codes (`001` in Hong Kong), which a plain `00` must not be taken for.
    """
    rests = [digits[2:]] if digits.startswith("00") else []
    if region is not None and (own := _exit_code(region)) is not None and (found := own.match(digits)):
        rests.append(digits[found.end() :])
    return tuple(rests)


def local(digits: str, region: str | None) -> LocalNumber | None:
    """Read seven digits from a North American source as a number of the source's own area."""
    if region is None or country_code(region) != NANP or not _LOCAL_DIGITS.fullmatch(digits):
        return None
    return LocalNumber(digits)


@cache
def country_code(region: str) -> int:
    """Give the country calling code of a region; 0 if it has none."""
    return phonenumbers.country_code_for_region(region)


@cache
def has_trunk_zero(region: str) -> bool:
    """Tell whether national numbers of the region are dialled with a leading `0`."""
    metadata = _metadata(region)
    return metadata is not None and metadata.national_prefix == "0"


def region_of(number: E164) -> str | None:
    """Give the number's region; for a number no plan knows, the main region of its country code."""
    parsed = _parsed(number.text, None)
    if parsed is None:
        return None
    return phonenumbers.region_code_for_number(parsed) or _main_region(parsed.country_code or 0)


def dialled_at_home(digits: str, region: str) -> E164 | None:
    """Read what is written in a region's own national form, whether its plan knows the number or not."""
    return national(digits, region) or unassigned_national(digits, region)


def significant_digits(number: Number) -> str:
    """Give the national significant number: no country code, no trunk prefix (Italy's zero is no prefix)."""
    if isinstance(number, LocalNumber):
        return number.digits
    parsed = _parsed(number.text, None)
    return phonenumbers.national_significant_number(parsed) if parsed else number.digits


def is_assigned(number: E164) -> bool:
    """Tell whether some plan knows the number."""
    return _valid(number.text, None) is not None


def is_country_code(digits: str) -> bool:
    """Tell whether digits are a country calling code."""
    return (
        digits.isascii()
        and digits.isdigit()
        and len(digits) <= _LONGEST_COUNTRY_CODE
        and int(digits) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    )


def is_nanp(number: Number) -> bool:
    """Tell whether the number belongs to the North American plan."""
    return isinstance(number, LocalNumber) or number.text.startswith("+1")


@lru_cache(maxsize=8192)
def describe(number: Number) -> Description:
    """Say how the number is written at home, in which region that is, and in which time zones (IANA names)."""
    if isinstance(number, LocalNumber):
        return Description(f"{number.digits[:3]}-{number.digits[3:]}", None, ())
    parsed = _parsed(number.text, None)
    if parsed is None:
        return Description(number.text, None, ())
    return Description(
        phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL),
        region_of(number),
        _time_zones(parsed, _kind(number.text, None)),
    )


def _time_zones(number: phonenumbers.PhoneNumber, kind: int) -> tuple[str, ...]:
    """Do what `timezone.time_zones_for_number` does, which finds out again of what kind the number is."""
    if kind == _UNKNOWN:
        return ()
    country_code = number.country_code or 0
    if not phonenumbers.is_number_type_geographical(kind, country_code):
        return TIMEZONE_DATA.get(str(country_code), ())
    zones = timezone.time_zones_for_geographical_number(number)
    return tuple(zone for zone in zones if zone != timezone.UNKNOWN_TIMEZONE)


PLANS: Final = (
    *sorted(phonenumbers.SUPPORTED_REGIONS),
    *sorted(map(str, phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS)),
)
"""
All plans; with each comes a file, which takes some 0.4 ms to import.

The library imports one when its first number comes; and if that import fails (no file descriptor is left, say) it keeps
its lock, and the next caller of a new region waits for ever. What is imported already cannot fail there.
"""


def import_plan(plan: str) -> bool:
    """Import the file of a plan; tell whether it could be read."""
    try:
        import_module(f"phonenumbers.data.region_{plan}")
    except (ImportError, OSError):
        invalidate_caches()
        return False
    return True


def take_imported_plans() -> None:
    """
    Let the library know that the plans are imported, so that it never takes its lock; and compile what all share.

    From now on it keeps the patterns that it has compiled: 1,700 for fixed and mobile lines of all plans, in 0.3 MiB. Else
    it leaves them to `re`, which keeps 512: where callers were of 80 regions a number took 0.6 ms, and not 0.1 ms.
    """
    PhoneMetadata.load_all()
    phonenumbers.enable_pattern_cache()
    describe(E164("+442079460958"))


_POSSIBLE: Final = phonenumbers.ValidationResult.IS_POSSIBLE
_UNKNOWN: Final = phonenumbers.PhoneNumberType.UNKNOWN


def _as_written(digits: str) -> E164 | None:
    return E164(f"+{digits}") if _SHORTEST_E164 <= len(digits) <= _LONGEST_E164 else None


# One call reads one number up to eight times: as it was sent, as it is stored, and to be shown. Parsing takes 55 µs.
@lru_cache(maxsize=1024)
def _valid(text: str, region: str | None) -> E164 | None:
    number = _parsed(text, region)
    if number is None or _kind(text, region) == _UNKNOWN:
        return None
    return E164(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


@lru_cache(maxsize=1024)
def _kind(text: str, region: str | None) -> int:
    """Say what kind of number this is, of the library's `PhoneNumberType`; a valid number is one of a known kind."""
    number = _parsed(text, region)
    return _UNKNOWN if number is None else phonenumbers.number_type(number)


@lru_cache(maxsize=1024)
def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    """Parse a number; None if it is none. It is shared: nobody changes it."""
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


@cache
def _exit_code(region: str) -> re.Pattern[str] | None:
    metadata = _metadata(region)
    return re.compile(metadata.international_prefix) if metadata and metadata.international_prefix else None


def _metadata(region: str) -> PhoneMetadata | None:
    return PhoneMetadata.metadata_for_region(region)


def _main_region(code: int) -> str | None:
    region = phonenumbers.region_code_for_country_code(code)
    return region if is_region(region) else None
