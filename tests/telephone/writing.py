"""
Valid numbers of the whole world, as people write them into a directory and as phone systems send them.

Everything is drawn from one source of chance, so that a property can shrink what fails.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

HOME: Final = "US"
"""The default region of the directory the texts stand in."""

REGIONS: Final = tuple(sorted(phonenumbers.SUPPORTED_REGIONS))
_TYPES: Final = (
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.VOIP,
    PhoneNumberType.UAN,
)
_EVERYDAY_REGIONS: Final = tuple(
    "US CA MX AR BR GB IE DE AT CH FR BE NL IT ES PT GR DK NO SE FI PL CZ HU LT RU TR IL AE ZA IN CN JP SG HK AU NZ".split()  # noqa: SIM905  # reads better
)
_WORLDWIDE: Final = (800, 808, 870, 883)
_FEWEST_DIALLED: Final = 7


def a_number(chance: Random) -> PhoneNumber:
    """Draw a valid number: mostly of a country that is often met, now and then of any, or of none."""
    while True:
        example = _example(chance)
        if example is not None and (number := _varied(example, chance)):
            return number


def _example(chance: Random) -> PhoneNumber | None:
    kind = chance.randrange(20)
    if kind == 0:
        return phonenumbers.example_number_for_non_geo_entity(chance.choice(_WORLDWIDE))
    region = chance.choice(REGIONS if kind < 6 else _EVERYDAY_REGIONS)
    return phonenumbers.example_number_for_type(region, chance.choice(_TYPES))


def _varied(example: PhoneNumber, chance: Random) -> PhoneNumber | None:
    digits = phonenumbers.national_significant_number(example)
    kept = len(digits) - chance.randint(1, 4)
    digits = digits[:kept] + "".join(str(chance.randrange(10)) for _ in digits[kept:])
    return valid(f"+{example.country_code}{digits}")


def valid(text: str, region: str | None = None) -> PhoneNumber | None:
    """Parse a number; None unless a plan calls it valid."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def e164(number: PhoneNumber) -> str:
    """Write a number with its country, and nothing but digits behind the plus."""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def significant(number: PhoneNumber) -> str:
    """Give a number's digits behind its country code."""
    return phonenumbers.national_significant_number(number)


def home_of(number: PhoneNumber) -> str | None:
    """Give a number's region, if it is at home in one that has a plan."""
    region = phonenumbers.region_code_for_number(number)
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


@cache
def trunk_prefix(region: str) -> str:
    """Give what is dialled before a number within its region: `0`, `8`, `06`, `01` or nothing."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(region)
    return (metadata.national_prefix if metadata else None) or ""


@dataclass(frozen=True, slots=True)
class Text:
    """A directory's text, and whether it carries the country of the number it means."""

    text: str
    with_country: bool


Writer = Callable[[PhoneNumber, Random], str | None]
"""Writes a number in one way; None where people do not write such a number so."""


def a_text(number: PhoneNumber, chance: Random) -> Text:
    """Write a number as a person might, with its country or without."""
    while True:
        with_country = chance.random() < 0.75
        core = chance.choice(WITH_COUNTRY if with_country else WITHOUT)(number, chance)
        if core is not None:
            return Text(_in_some_script(_decorated(core, chance), chance), with_country)


def _plus(number: PhoneNumber, chance: Random) -> str:
    return f"+{number.country_code}{chance.choice(('', ' ', '-', '.', ' - '))}{_grouped(significant(number), chance)}"


def _as_formatted(number: PhoneNumber, _: Random) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def _exit_code(number: PhoneNumber, chance: Random) -> str:
    code = chance.choice(("00", "00 ", "011 ", "011-", "(00) ", "00-"))
    return f"{code}{number.country_code} {_grouped(significant(number), chance)}"


def _zero_in_brackets(number: PhoneNumber, chance: Random) -> str | None:
    home = home_of(number)
    if home is None or trunk_prefix(home) != "0" or significant(number).startswith("0"):
        return None
    plus = chance.choice(("+", "+", "00"))
    between = chance.choice(("", " "))
    return f"{plus}{number.country_code}{between}(0){between}{_grouped(significant(number), chance)}"


def _area_in_brackets(number: PhoneNumber, chance: Random) -> str:
    digits = significant(number)
    area = chance.randint(2, 4)
    return f"+{number.country_code} ({digits[:area]}) {_grouped(digits[area:], chance)}"


def _country_in_brackets(number: PhoneNumber, chance: Random) -> str:
    return f"(+{number.country_code}) {_grouped(significant(number), chance)}"


def _tel_uri(number: PhoneNumber, chance: Random) -> str:
    return chance.choice(
        (f"tel:{e164(number)}", phonenumbers.format_number(number, PhoneNumberFormat.RFC3966))
    )


def _without_sign(number: PhoneNumber, chance: Random) -> str | None:
    digits = e164(number)[1:]
    if len(digits) < 10 or digits.startswith("0") or valid(digits, HOME):
        return None
    return f"{number.country_code} {_grouped(significant(number), chance)}"


def _national(number: PhoneNumber, chance: Random) -> str | None:
    text = national_text(number)
    if text is None or (home_of(number) != HOME and valid(text, HOME)):
        return None  # as it stands, it is another number: one of the directory's own region
    return chance.choice((text, _grouped("".join(filter(str.isdigit, text)), chance)))


def national_text(number: PhoneNumber) -> str | None:
    """Write a number as it is written at home, trunk prefix included; None where it has no home."""
    home = home_of(number)
    if home is None:
        return None
    text = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    read = valid(text, home)
    return text if read and e164(read) == e164(number) else None


WITH_COUNTRY: Final[Sequence[Writer]] = (
    _plus,
    _plus,
    _as_formatted,
    _exit_code,
    _zero_in_brackets,
    _area_in_brackets,
    _country_in_brackets,
    _tel_uri,
    _without_sign,
)
WITHOUT: Final[Sequence[Writer]] = (_national,)

_SEPARATORS: Final = (" ", "-", ".", "/", "\N{NO-BREAK SPACE}", "\N{EN DASH}", "", " - ")


def _grouped(digits: str, chance: Random) -> str:
    """Cut digits into groups as people do; a slash only once, behind the first."""
    separator = chance.choice(_SEPARATORS)
    groups, rest = [], digits
    while len(rest) > 4:
        size = chance.randint(2, 4)
        groups.append(rest[:size])
        rest = rest[size:]
    groups.append(rest)
    if separator == "/":
        return "/".join((groups[0], " ".join(groups[1:]))) if groups[1:] else groups[0]
    return separator.join(groups)


_LABELS: Final = (
    "",
    "",
    "",
    "Tel: ",
    "Tel. ",
    "T ",
    "Office: ",
    "mob. ",
    "Phone ",
    "Telefon: ",
    "  ",
    "\t",
    "☎ ",
    "Büro: ",
)
_REMARKS: Final = (
    "",
    "",
    "",
    "",
    " ",
    " (direct)",
    " - reception",
    " (24/7)",
    " after 6pm",
    " (mobile)",
    "\u200e",
    " privat",
    ", Berlin",
)
_EXTENSIONS: Final = (" x{}", " ext. {}", " ext {}", ";ext={}", " #{}", " extension {}", ", ext. {}", "x{}")


def _decorated(core: str, chance: Random) -> str:
    behind = chance.choice(_REMARKS)
    if chance.randrange(6) == 0:
        behind = chance.choice(_EXTENSIONS).format(chance.randint(1, 9999))
    label = "" if core.startswith("tel:") else chance.choice(_LABELS)
    return f"{label}{core}{behind}"


_SCRIPTS: Final = ("٠١٢٣٤٥٦٧٨٩", "０１２３４５６７８９", "०१२३४५६७८९")


def _in_some_script(text: str, chance: Random) -> str:
    if chance.randrange(12):
        return text
    return text.translate(str.maketrans("0123456789", chance.choice(_SCRIPTS)))


@dataclass(frozen=True, slots=True)
class Sent:
    """What a phone system sends, and the region of the source it comes from."""

    raw: str
    region: str | None


def a_call(number: PhoneNumber, chance: Random) -> Sent:
    """Send a number as a phone system might."""
    while True:
        region = chance.choice((*_EVERYDAY_REGIONS, None))
        raw = chance.choice(_SENDERS)(number, chance)
        digits = e164(number)[1:]
        if raw is None and chance.random() < 0.5 and _needs_no_sign(digits, region):
            return Sent(digits, region)
        if raw is not None:
            return Sent(raw, region)
        home = home_of(number)
        text = national_text(number)
        if (
            home
            and text
            and len("".join(filter(str.isdigit, text))) >= _FEWEST_DIALLED
            and chance.random() < 0.5
        ):
            return Sent(chance.choice((text, "".join(filter(str.isdigit, text)))), home)


def _needs_no_sign(digits: str, region: str | None) -> bool:
    """Tell whether digits can only be E.164 where they come from: nothing national, nothing behind an exit code."""
    if len(digits) < _FEWEST_DIALLED:
        return False
    if region is None:
        return True
    local = phonenumbers.country_code_for_region(region) == 1 and len(digits) == _FEWEST_DIALLED
    own_exit_code = digits.startswith(("011", "119", "010", "810"))
    return not local and not own_exit_code and valid(digits, region) is None


def _sip(number: PhoneNumber, chance: Random) -> str:
    tail = chance.choice(("", ";user=phone", ";transport=tls;user=phone", ":5060"))
    verified = chance.choice(("", ";verstat=TN-Validation-Passed", ";cpc=ordinary"))
    return f"sip:{e164(number)}{verified}@{chance.choice(('pbx', '10.1.2.3', 'sip.example.com'))}{tail}"


def _named(number: PhoneNumber, chance: Random) -> str:
    name = chance.choice(('"Smith, John" ', "Zoë ", '"+1 212 555 0100" ', ""))
    return f"{name}<{chance.choice(('sip:', 'sips:', 'tel:'))}{e164(number)}@pbx>"


def _percent_encoded(number: PhoneNumber, chance: Random) -> str:
    return chance.choice(("%2B", "%2b", "%252B")) + e164(number)[1:]


_SENDERS: Final[Sequence[Writer]] = (
    lambda number, _: e164(number),
    lambda number, _: phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
    lambda number, _: f"00{e164(number)[1:]}",
    lambda number, _: f" {e164(number)[1:]}",
    lambda number, _: f"tel:{e164(number)}",
    lambda number, _: phonenumbers.format_number(number, PhoneNumberFormat.RFC3966),
    _sip,
    _named,
    _percent_encoded,
    lambda _number, _chance: None,  # leaves room for the national form
    lambda _number, _chance: None,
)


def another_number(number: PhoneNumber, chance: Random) -> PhoneNumber | None:
    """Draw a valid number that is easily taken for this one; None if there is none at hand."""
    digits = significant(number)
    if chance.random() < 0.5:
        place = chance.randrange(len(digits))
        changed = f"{digits[:place]}{chance.randrange(10)}{digits[place + 1 :]}"
        other = valid(f"+{number.country_code}{changed}")
    else:
        code = phonenumbers.country_code_for_region(chance.choice(REGIONS))
        other = valid(f"+{code}{chance.choice((digits, digits.lstrip('0'), f'0{digits}'))}")
    return other if other and e164(other) != e164(number) else None
