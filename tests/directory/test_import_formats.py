"""vCard, LDIF and the CSV files of Active Directory become the same people."""

import base64
import re
import uuid
from pathlib import Path

import pytest

from cti_lookup.directory.transfer.faults import MappingError, RefusedFileError, UnreadableFileError
from cti_lookup.directory.transfer.mapping import default_mapping, parse_mapping
from tests.directory.transfers import Directory, rows

GUID = uuid.UUID("d2719a6e-0f4b-4c60-8f43-2a1bd6f0c001")


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    return Directory(tmp_path)


def test_a_vcard_of_version_3_becomes_a_person_with_contacts(directory: Directory) -> None:
    directory.take_in(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann Smith\r\nN:Smith;Ann;;;\r\nORG:Widget\\, Inc.;HR\r\nTITLE:Clerk\r\n"
        "item1.EMAIL;TYPE=INTERNET,HOME:ann@home.example\r\nEMAIL;TYPE=INTERNET;TYPE=PREF:ann@example.org\r\n"
        "TEL;TYPE=WORK,VOICE:+1 713\r\n  987 2967\r\nTEL;TYPE=CELL:+1 713 555 0142\r\nTEL;TYPE=WORK,FAX:+1 713 987 2911\r\n"
        "TEL;TYPE=PAGER:1234567\r\nADR;TYPE=HOME:;;1 Main St;Houston;TX;77001;US\r\nNOTE:one\\ntwo\r\nUID:urn:uuid:7\r\nEND:VCARD\r\n",
        "people.vcf",
    )

    assert directory.people("name", "primary_email", "source", "sourceID") == [
        ("Ann Smith", "ann@example.org", "vCard", "7")
    ]
    assert directory.details("ann@example.org") == {"job_title": "Clerk", "information": "one\ntwo"}
    assert directory.contacts("ann@example.org") == [
        ("work", "telephone", "+1 713 987 2967", 1),
        ("mobile", "telephone", "+1 713 555 0142", 1),
        ("fax", "telephone", "+1 713 987 2911", 1),
        ("personal", "email", "ann@home.example", 1),
    ]
    assert directory.query("SELECT label, address, city FROM addresses") == [("home", "1 Main St", "Houston")]
    assert directory.query("SELECT name FROM organizations") == [("Widget, Inc.",)]


def test_a_vcard_of_version_2_1_says_its_own_encoding(directory: Directory) -> None:
    directory.take_in(
        b"BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=Windows-1252;ENCODING=QUOTED-PRINTABLE:M=FCl=\nler;J=FCrgen\n"
        b"EMAIL;PREF;INTERNET:j@example.org\nTEL;CELL;VOICE:0171 9872967\nTEL;HOME:030 123456\n"
        b"TITLE;CHARSET=ISO-8859-1:Gesch\xe4ftsf\xfchrer\nEND:VCARD\n",
        "people.vcf",
    )

    assert directory.people("name") == [("Jürgen Müller",)]
    assert directory.details("j@example.org") == {"job_title": "Geschäftsführer"}
    assert [label for label, *_ in directory.contacts("j@example.org")] == ["mobile", "home"]


def test_a_telephone_of_version_4_can_be_an_address(directory: Directory) -> None:
    directory.take_in(
        "BEGIN:VCARD\nVERSION:4.0\nFN:Ann\nEMAIL:ann@example.org\n"
        'TEL;VALUE=uri;PREF=1;TYPE="voice,home":tel:+1-713-555-0142;ext=12\nEND:VCARD\n',
        "people.vcf",
    )

    assert directory.contacts("ann@example.org") == [("home", "telephone", "+1-713-555-0142;ext=12", 1)]


@pytest.mark.parametrize(
    "content",
    [
        b"FN:Ann\n",
        b"BEGIN:VCARD\nFN:Ann\n",
        b"BEGIN:VCARD\n" + b"NOTE:" + b"x" * 2_000_000 + b"\nEND:VCARD\n",
    ],
)
def test_what_is_no_card_is_refused(directory: Directory, content: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        directory.take_in(content, "people.vcf")


def test_a_card_in_no_known_encoding_is_rejected_by_its_line(directory: Directory) -> None:
    with pytest.raises(RefusedFileError):
        directory.take_in(b"BEGIN:VCARD\nFN:\xff\nEMAIL:a@example.org\nEND:VCARD\n", "people.vcf")

    assert [(one.line, one.reason) for one in directory.rejected] == [
        (1, "is not text in the encoding it names")
    ]


def ldif(*extra: str) -> str:
    return "\n".join(
        (
            "version: 1",
            "# people of the staff",
            " of Houston",
            "dn: CN=Ann Smith,OU=Staff,",
            " DC=example,DC=org",
            "objectClass: top",
            "objectClass: user",
            f"displayName:: {base64.b64encode('Änn Smith'.encode()).decode()}",
            "mail: ann@example.org",
            "telephoneNumber: +1 713 987 2967",
            "otherTelephone: +1 713 987 2968",
            "otherTelephone: +1 713 987 2969",
            "mobile: +1 713 555 0142",
            "homePhone: +1 713 555 0143",
            "facsimileTelephoneNumber: +1 713 987 2911",
            "employeeID: 4711",
            "company: Widget",
            "department: IT",
            "physicalDeliveryOfficeName: Room 201",
            "userAccountControl: 514",
            f"objectGUID:: {base64.b64encode(GUID.bytes_le).decode()}",
            "manager: cn=bob jones, ou=Staff,DC=example,DC=org",
            *extra,
            "",
            "dn: CN=Bob Jones,OU=Staff,DC=example,DC=org",
            "objectClass: user",
            "givenName: Bob",
            "sn: Jones",
            "mail: bob@example.org",
            "userAccountControl: 512",
            "manager: CN=Somebody,OU=Elsewhere",
            "",
            "dn: OU=Staff,DC=example,DC=org",
            "objectClass: organizationalUnit",
            "",
        )
    )


def test_an_ldif_file_of_active_directory_goes_in_with_the_default_mapping(directory: Directory) -> None:
    directory.take_in(ldif(), "people.ldif")

    assert directory.people("name", "primary_email", "employeeID", "disabled", "source", "sourceID") == [
        ("Änn Smith", "ann@example.org", "4711", 1, "Active Directory", str(GUID)),
        ("Bob Jones", "bob@example.org", None, 0, "Active Directory", None),
    ]
    ((ann, bob), (_, nobody)) = directory.people("id", "manager_id")
    assert (bob, nobody) == (ann + 1, None)
    assert directory.details("ann@example.org") == {"location": "Room 201"}
    assert directory.query("SELECT name FROM organizations") == [("Widget, IT",)]
    assert directory.contacts("ann@example.org") == [
        ("work", "telephone", "+1 713 987 2967", 1),
        ("work", "telephone", "+1 713 987 2968", 1),
        ("work", "telephone", "+1 713 987 2969", 1),
        ("mobile", "telephone", "+1 713 555 0142", 1),
        ("home", "telephone", "+1 713 555 0143", 1),
        ("fax", "telephone", "+1 713 987 2911", 1),
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (ldif("changetype: delete"), 23),
        (ldif("changetype: modify"), 23),
        (ldif("no attribute"), 23),
        ("dn: x\n" + "a: " + "x" * 2**20, 2),
    ],
)
def test_what_is_no_record_of_an_ldif_file_is_refused(directory: Directory, content: str, line: int) -> None:
    with pytest.raises(UnreadableFileError) as raised:
        directory.take_in(content, "people.ldif")

    assert raised.value.line == line


def test_a_rejected_record_is_named_by_the_line_it_begins_on(directory: Directory) -> None:
    nobody = "\n# a comment\n that goes on\ndn: CN=Nobody,DC=example,\n DC=org\nobjectClass: user\n"

    directory.take_in(ldif() + nobody, "people.ldif", skip_rejected=True)

    assert {one.line for one in directory.rejected} == {len((ldif() + "\n").splitlines()) + 3}


def test_records_that_add_are_those_of_an_export(directory: Directory) -> None:
    exported = re.sub(r"(?m)^(objectClass: (?:top|organizationalUnit))$", r"changetype: add\n\1", ldif())
    assert exported.count("changetype: add") == 2

    directory.take_in(exported, "people.ldif")

    assert directory.people("name") == [("Änn Smith",), ("Bob Jones",)]


def test_what_a_search_tool_notes_between_entries_is_passed_over(directory: Directory) -> None:
    reference = "# search reference\nref: ldap://DomainDnsZones.example.org/DC=example,DC=org\n\n"
    result = "# search result\nsearch: 2\nresult: 0 Success\n\n# numResponses: 4\n# numEntries: 3\n"

    report = directory.take_in(reference + ldif() + "\n" + result, "people.ldif")

    assert (report.applied.created, report.rejected) == (2, 0)


def test_a_file_that_an_ldif_record_refers_to_is_never_fetched(directory: Directory) -> None:
    report = directory.take_in(ldif("jpegPhoto:< file:///etc/passwd"), "people.ldif", skip_rejected=True)

    assert (report.applied.created, report.rejected) == (1, 1)


def test_a_csv_file_of_active_directory_goes_in_too(directory: Directory) -> None:
    directory.take_in(
        rows(
            (
                "DN",
                "objectClass",
                "mail",
                "displayName",
                "otherTelephone",
                "objectGUID",
                "userAccountControl",
            ),
            (
                "CN=Ann,DC=x",
                "user",
                "ann@example.org",
                "Ann",
                "111111111;222\\;222222",
                f"X'{GUID.bytes_le.hex()}'",
                "2",
            ),
            ("CN=PC,DC=x", "computer", "", "PC", "", "", ""),
        )
    )

    assert directory.people("name", "sourceID", "disabled") == [("Ann", str(GUID), 1)]
    assert [uri for _, _, uri, _ in directory.contacts("ann@example.org")] == ["111111111", "222;222222"]


def test_a_csv_file_of_powershell_goes_in_too(directory: Directory) -> None:
    titles = "DistinguishedName,EmailAddress,Enabled,GivenName,Manager,MobilePhone,ObjectClass,OfficePhone,otherTelephone,Surname"
    several = "Microsoft.ActiveDirectory.Management.ADPropertyValueCollection"
    bob, ann = ("CN=Bob Jones,DC=example", "CN=Ann Smith,DC=example")
    directory.take_in(
        "#TYPE Microsoft.ActiveDirectory.Management.ADUser\n"
        + rows(
            titles.split(","),
            (
                ann,
                "ann@example.org",
                "True",
                "Ann",
                bob,
                "+1 713 555 0142",
                "user",
                "+1 713 987 2967",
                several,
                "Smith",
            ),
            (bob, "bob@example.org", "False", "Bob", "", "", "user", "", "", "Jones"),
        )
    )

    assert directory.people("name", "primary_email", "disabled") == [
        ("Ann Smith", "ann@example.org", 0),
        ("Bob Jones", "bob@example.org", 1),
    ]
    ((_, manager), (bob_id, _)) = directory.people("id", "manager_id")
    assert manager == bob_id
    assert directory.contacts("ann@example.org") == [
        ("work", "telephone", "+1 713 987 2967", 1),
        ("mobile", "telephone", "+1 713 555 0142", 1),
    ]


def test_a_mapping_file_says_which_attribute_is_which_field(directory: Directory) -> None:
    mapping = directory.folder / "mapping.toml"
    mapping.write_text(
        '[templates]\nname = "{givenName} {sn}"\nprimary_email = "{uid}@example.org"\n'
        '[constants]\nsite = "Houston"\nsource = "LDAP"\n[attributes]\nuid = "sourceID"\n[telephones]\nipPhone = "work"\n'
    )

    directory.take_in(
        "dn: uid=ann\nuid: ann\ngivenName: Ann\nipPhone: 1002\n", "people.ldif", mapping=mapping
    )

    assert directory.people("name", "primary_email", "source", "sourceID") == [
        ("Ann", "ann@example.org", "LDAP", "ann")
    ]
    assert directory.query("SELECT name FROM sites") == [("Houston",)]
    assert directory.contacts("ann@example.org") == [("work", "telephone", "1002", 1)]


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[nonsense]",
        '[attributes]\nmail = "shoe_size"',
        '[attributes]\nmail = "id"',
        '[telephones]\nmobile = "pocket"',
        '[address]\nl = "town"',
        '[flags]\ndisabled = { attribute = "a", bit = "two" }',
    ],
)
def test_a_mapping_file_with_a_fault_is_refused(text: str) -> None:
    with pytest.raises(MappingError):
        parse_mapping(text)


def test_the_default_mapping_knows_what_active_directory_says_of_a_person() -> None:
    mapping = default_mapping()

    assert mapping.fields == {
        "primary_email", "name", "employeeID", "job_title", "location", "manager", "sourceID", "organization", "source", "disabled"
    }  # fmt: skip
