"""
Sample people, with which the directory can be shown and tried.

The first of them are those of the official documentation, under their documented ids. The others are invented;
their numbers come from ranges kept free for fiction where a country has such ranges, and are written the many ways
people write numbers. E-mail addresses end in `.example`, which belongs to nobody.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from sqlite3 import Connection
from types import MappingProxyType
from typing import Final

from cti_lookup.directory.records.contacts import ContactDraft
from cti_lookup.directory.records.inserting import Origin, insert_contact, insert_person, insert_record


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A call worth showing: what it shows, and the number that calls."""

    title: str
    telephone: str


DEMONSTRATIONS: Final = (
    Demonstration("exactly one person", "+1 713 987 2967"),
    Demonstration("four people on one number", "+44 20 7946 0100"),
    Demonstration("twelve people on one switchboard number, of whom ten are shown", "+1 212 555 0100"),
    Demonstration("a very important person", "+44 20 7946 0110"),
    Demonstration("one number with an extension for each of three people", "+49 30 23125100"),
    Demonstration("a person who has left, after the one who took over the number", "+1 713 555 0142"),
    Demonstration("only a person who has left", "+61 2 5550 0199"),
    Demonstration("nobody: the number is only a fax", "+33 1 99 00 12 90"),
    Demonstration("two numbers in one text, called from the second", "+33 5 36 49 12 34"),
    Demonstration("a number spelled with the letters of the keypad", "+1 800 555 0199"),
    Demonstration("nobody: the number is in no one's contacts", "+1 212 555 0999"),
)
"""Numbers to try on the sample people, one for each kind of answer; all of them are written internationally."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where people work, and what they therefore have in common."""

    organization_id: int
    site_id: int
    domain: str
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class _Sample:
    """A sample person; contacts are label and telephone, in the order of their ids."""

    id: int
    name: str
    place: str
    job_title: str
    contacts: tuple[tuple[str, str], ...]
    more: Mapping[str, object] = field(default_factory=dict)


_ORGANIZATIONS: Final = MappingProxyType(
    {
        20: "Widget International, Headquarters",
        21: "Widget United Kingdom",
        22: "Widget Deutschland",
        23: "Widget France",
        24: "Widget Nederland",
        25: "Widget Türkiye",
        26: "ウィジェット日本",
        27: "Widget do Brasil",
        28: "Widget Australia",
        29: "Widget India",
        30: "Widget Data Center, External IT",
        31: "Widget Sverige",
    }
)
_SITES: Final = MappingProxyType(
    {
        13: "Widget Data Center",
        14: "Widget New York",
        15: "Widget London",
        16: "Widget Berlin",
        17: "Widget Paris",
        18: "Widget Amsterdam",
        19: "Widget İstanbul",
        20: "ウィジェット東京",
        21: "Widget São Paulo",
        22: "Widget Sydney",
        23: "Widget Bengaluru",
        24: "Widget Stockholm",
    }
)
_CALENDAR_ID: Final = 1
_CALENDAR: Final = "Monday through Friday, 9:00am until 5:00pm"

_CENTRAL: Final = "Central Time (US & Canada)"
_EASTERN: Final = "Eastern Time (US & Canada)"

_PLACES: Final = MappingProxyType(
    {
        "data-center": _Place(30, 13, "widget.example", "en-US", _CENTRAL),
        "new-york": _Place(20, 14, "widget.example", "en-US", _EASTERN),
        "london": _Place(21, 15, "uk.widget.example", "en-GB", "London"),
        "berlin": _Place(22, 16, "de.widget.example", "de-DE", "Berlin"),
        "paris": _Place(23, 17, "fr.widget.example", "fr-FR", "Paris"),
        "amsterdam": _Place(24, 18, "nl.widget.example", "nl-NL", "Amsterdam"),
        "istanbul": _Place(25, 19, "tr.widget.example", "tr-TR", "Istanbul"),
        "tokyo": _Place(26, 20, "jp.widget.example", "ja-JP", "Tokyo"),
        "sao-paulo": _Place(27, 21, "br.widget.example", "pt-BR", "Brasilia"),
        "sydney": _Place(28, 22, "au.widget.example", "en-AU", "Sydney"),
        "bengaluru": _Place(29, 23, "in.widget.example", "en-IN", "New Delhi"),
        "stockholm": _Place(31, 24, "se.widget.example", "sv-SE", "Stockholm"),
    }
)

_DOCUMENTED: Final = (
    _Sample(5, "Howard Tanner", "data-center", "Operations Manager", (("work", "+1 (713) 555 0105"),)),
    _Sample(
        30,
        "Ashok Kumar",
        "data-center",
        "Trainee",
        (("fax", "+1 (713) 987 2911"), ("work", "+1 (713) 987 2967")),
        {
            "primary_email": "ashok.kumar@virtualsupport.com",
            "location": "Room 201, Desk 06",
            "cost_per_hour": "80.0",
            "information": "Learns how the network and the systems of the Widget Data Center are watched over, "
            "before giving first line support to Widget's users from India.",
            "manager_id": 5,
        },
    ),
    _Sample(
        58, "Barney Turban", "data-center", "Network Engineer", (("work", "713.555.0158"),), {"manager_id": 5}
    ),
)
_FIRST_CONTACT: Final = MappingProxyType({30: 326})
"""The documented ids of contacts: 326 and 327 are Ashok Kumar's."""

_SWITCHBOARD_STAFF: Final = tuple(
    _Sample(60 + number, name, "new-york", "Account Representative", (("work", text),), {"manager_id": 100})
    for number, (name, text) in enumerate(
        (
            ("Abigail Stone", "+1 212 555 0100"),
            ("Benjamin Cole", "(212) 555-0100"),
            ("Carmen Ruiz", "212-555-0100"),
            ("Derek O'Neill", "212.555.0100"),
            ("Elena Petrova", "1-212-555-0100"),
            ("Frank Dubois", "+12125550100"),
            ("Grace Kim", "tel:+1-212-555-0100"),
            ("Hassan Ali", "+1 (212) 555 0100 x107"),
            ("Ingrid Berg", "001 212 555 0100"),
            ("Jamal Wright", "212 555 0100 ext. 109"),
            ("Kira Novak", "[+1] 2125550100"),
            ("Liam Walsh", "Office +1 212-555-0100"),
        )
    )
)

_INVENTED: Final = (
    _Sample(
        100,
        "Margaret Hale",
        "new-york",
        "Chief Executive Officer",
        (("work", "+1 212 555 0101"), ("mobile", "(917) 555-0111")),
        {"vip": True, "supportID": "VIP-1", "employeeID": "E-0100"},
    ),
    _Sample(
        101, "Noah Brandt", "new-york", "Controller", (("work", "1 (800) 555-01WX"),), {"manager_id": 100}
    ),
    _Sample(
        102,
        "Olivia Marsh",
        "data-center",
        "Storage Engineer",
        (("work", "+1 713 555 0142"),),
        {"manager_id": 5},
    ),
    _Sample(
        103,
        "Peter Lindqvist",
        "data-center",
        "Storage Engineer",
        (("work", "(713) 555-0142"),),
        {"manager_id": 5, "disabled": True},
    ),
    _Sample(
        110,
        "Sir Edmund Ashworth",
        "london",
        "Chairman",
        (("work", "020 7946 0110"), ("home", "01632 960001")),
        {"vip": True, "supportID": "VIP-2"},
    ),
    _Sample(
        111,
        "Priya Shah",
        "london",
        "Service Desk Lead",
        (("work", "+44 (0)20 7946 0100"),),
        {"manager_id": 110},
    ),
    _Sample(
        112,
        "Tom Fletcher",
        "london",
        "Service Desk Analyst",
        (("work", "020 7946 0100"),),
        {"manager_id": 111},
    ),
    _Sample(
        113,
        "Aoife Byrne",
        "london",
        "Service Desk Analyst",
        (("work", "0044 20 79460100"),),
        {"manager_id": 111},
    ),
    _Sample(
        114, "Zoë Clarke", "london", "Service Desk Analyst", (("work", "+442079460100"),), {"manager_id": 111}
    ),
    _Sample(
        115,
        "George Owusu",
        "london",
        "Field Engineer",
        (("mobile", "07700 900123"), ("work", "020-7946-0115")),
    ),
    _Sample(
        120, "Jürgen Groß", "berlin", "Leiter IT", (("work", "+49 (0)30 23125-100 ext. 11"),), {"vip": True}
    ),
    _Sample(
        121,
        "Anke Müller",
        "berlin",
        "Systemadministratorin",
        (("work", "030/23125100 x12"),),
        {"manager_id": 120},
    ),
    _Sample(
        122, "Łukasz Wójcik", "berlin", "Entwickler", (("work", "+493023125100;ext=13"),), {"manager_id": 120}
    ),
    _Sample(
        123, "Heike Sommer", "berlin", "Einkauf", (("work", "049/30/23125 123"), ("mobile", "0171 3920012"))
    ),
    _Sample(124, "Dieter Vogt", "berlin", "Hausmeister", (("mobile", "＋４９ １７１ ３９２００２４"),)),
    _Sample(
        130,
        "Chloé Lefèvre",
        "paris",
        "Directrice",
        (("work", "01 99 00 12 30 / +33 5 36 49 12 34"),),
        {"vip": True},
    ),
    _Sample(
        131, "Mathieu Garnier", "paris", "Comptable", (("fax", "+33 1 99 00 12 90"),), {"manager_id": 130}
    ),
    _Sample(
        132, "Inès Moreau", "paris", "Assistante", (("work", "+33 (0)1.99.00.12.32"),), {"manager_id": 130}
    ),
    _Sample(
        140,
        "Sanne de Vries",
        "amsterdam",
        "Servicedesk",
        (("work", "+31 (0)20 555 0140"), ("mobile", "06-55501400")),
    ),
    _Sample(141, "Jan-Willem Bakker", "amsterdam", "Inkoper", (("work", "020 - 555 01 41"),)),
    _Sample(
        150,
        "Ayşe Yılmaz",
        "istanbul",
        "Müdür",
        (("work", "+90 (212) 555 01 50"), ("mobile", "0532 555 01 50")),
        {"vip": True},
    ),
    _Sample(151, "Mehmet İnce", "istanbul", "Uzman", (("work", "0 212 555 01 51"),), {"manager_id": 150}),
    _Sample(160, "佐藤 花子", "tokyo", "部長", (("work", "03-5555-0160"), ("mobile", "+81 90-5555-0160"))),
    _Sample(
        161, "鈴木 一郎", "tokyo", "技術者", (("work", "（０３）５５５５－０１６１"),), {"manager_id": 160}
    ),
    _Sample(
        170,
        "João Gonçalves",
        "sao-paulo",
        "Gerente",
        (("work", "(11) 5555-0170"), ("mobile", "+55 11 95555-0170")),
    ),
    _Sample(
        171,
        "Beatriz Lima",
        "sao-paulo",
        "Analista",
        (("work", "+55 11 5555.0171 ramal 22"),),
        {"manager_id": 170},
    ),
    _Sample(
        180, "Lachlan Reid", "sydney", "IT Manager", (("work", "(02) 5550 0180"), ("mobile", "0491 570 006"))
    ),
    _Sample(
        181,
        "Mia Thompson",
        "sydney",
        "Analyst",
        (("work", "+61 2 5550 0199"),),
        {"manager_id": 180, "disabled": True},
    ),
    _Sample(
        190,
        "Ravi Iyer",
        "bengaluru",
        "Support Lead",
        (("work", "+91 80 5555 0190"), ("mobile", "098455 50190")),
    ),
    _Sample(
        191,
        "आरती शर्मा",
        "bengaluru",
        "Support Analyst",
        (("mobile", "+९१ ९८४५५ ५०१९१"),),
        {"manager_id": 190},
    ),
    _Sample(
        200, "Åsa Öberg", "stockholm", "Arkitekt", (("work", "08-465 004 20"), ("mobile", "+46 70-174 06 05"))
    ),
)

_PEOPLE: Final = (*_DOCUMENTED, *_INVENTED, *_SWITCHBOARD_STAFF)
_FIRST_FREE_CONTACT: Final = 400
_CREATED: Final = datetime(2016, 3, 14, 9, 9, 55, tzinfo=UTC)


def fill_with_samples(connection: Connection, account: str) -> None:
    """Fill an account of an empty file with the sample people; leave a file that holds anything alone."""
    if _is_used(connection, account):
        return
    origin = Origin(account, _CREATED)
    for table, names in (
        ("organizations", _ORGANIZATIONS),
        ("sites", _SITES),
        ("calendars", {_CALENDAR_ID: _CALENDAR}),
    ):
        for record_id, name in names.items():
            insert_record(connection, table, {"name": name}, origin, record_id)
    contact_id = _FIRST_FREE_CONTACT
    for sample in sorted(_PEOPLE, key=_managers_first):
        insert_person(connection, _values(sample), origin, person_id=sample.id)
        first_id = _FIRST_CONTACT.get(sample.id, contact_id)
        for offset, (label, telephone) in enumerate(sample.contacts):
            draft = ContactDraft(label, "telephone", telephone)
            insert_contact(connection, sample.id, draft, contact_id=first_id + offset)
        contact_id += len(sample.contacts)


def _is_used(connection: Connection, account: str) -> bool:
    query = " UNION ALL ".join(
        f"SELECT 1 FROM {table} WHERE account_id = ?1"  # noqa: S608 - names of tables
        for table in ("people", "organizations", "sites")
    )
    return connection.execute(query, (account,)).fetchone() is not None


def _managers_first(sample: _Sample) -> tuple[int, int]:
    """Order people after those they report to, who in turn report to somebody at most once more."""
    return int(str(sample.more.get("manager_id") or 0)), sample.id


def _mailbox(sample: _Sample) -> str:
    """Return the name in plain letters, or the id for a name of another script."""
    letters = unicodedata.normalize("NFKD", sample.name).encode("ascii", "ignore").decode().lower()
    return ".".join(re.findall("[a-z]+", letters)) or f"person.{sample.id}"


def _values(sample: _Sample) -> Mapping[str, object]:
    place = _PLACES[sample.place]
    return {
        "name": sample.name,
        "primary_email": f"{_mailbox(sample)}@{place.domain}",
        "job_title": sample.job_title,
        "organization_id": place.organization_id,
        "site_id": place.site_id,
        "locale": place.locale,
        "time_zone": place.time_zone,
        "time_format_24h": place.locale != "en-US",
        "work_hours_id": _CALENDAR_ID,
        **sample.more,
    }
