"""What phone systems send as a caller, row by row, and what it is read as."""

from typing import Any

import pytest

from cti_lookup.telephone import E164, Dialled, Internal, Invalid, LocalNumber, Withheld, read_caller

Row = tuple[Any, str | None, str]
"""What was sent, the region of its source, and the number it is."""


@pytest.mark.parametrize(
    "word",
    [
        *("anonymous", "unknown", "unknowncaller", "unavailable", "notavailable", "restricted", "private"),
        *(
            "privatenumber",
            "withheld",
            "blocked",
            "hidden",
            "nocallerid",
            "nonumber",
            "unassigned",
            "outofarea",
        ),
        *("asterisk", "null", "none", "nil", "undefined", "nan", "n/a", "unbekannt", "anonym", "unterdrückt"),
        *("anonyme", "masqué", "masque", "anónimo", "privado"),
    ],
)
@pytest.mark.parametrize(
    "shape", ["{}", " {} ", "<{}>", '"{}"', "({})", "\t{}\r\n", "sip:{}@pbx", "client:{}"]
)
def test_a_word_for_a_hidden_number_is_withheld_in_any_case_and_any_brackets(word: str, shape: str) -> None:
    for written in (word, word.upper(), word.title()):
        assert isinstance(read_caller(shape.format(written), "US"), Withheld)


@pytest.mark.parametrize("raw", ["Out Of Area", "out-of_area", "No-Caller-ID", "not available", "“Private”"])
def test_a_word_for_a_hidden_number_may_be_parted(raw: str) -> None:
    assert isinstance(read_caller(raw, "GB"), Withheld)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "\t\n",
        "-",
        "--",
        ".",
        "*",
        "#",
        "0",
        "00",
        "0000000",
        "+",
        "s",
        "i",
        "h",
        "t",
        None,
        [],
        [""],
    ],
)
def test_nothing_but_punctuation_or_zeros_is_withheld(raw: object) -> None:
    assert isinstance(read_caller(raw, "US"), Withheld)


@pytest.mark.parametrize(
    "raw",
    [
        "sip:anonymous@anonymous.invalid",
        "sip:+17139872967@host.invalid",
        "sip:unknown@pbx",
        "sip:restricted@pbx;user=phone",
        "sip:asterisk@10.0.0.1",
        "sip:@pbx",
        "sip:",
        "tel:",
        '"+17139872967" <sip:anonymous@anonymous.invalid>',
    ],
)
def test_a_uri_without_a_caller_is_withheld(raw: str) -> None:
    assert isinstance(read_caller(raw, "US"), Withheld)


KEYPAD = [
    "266696687",
    "7378742833",
    "86282452253",
    "8656696",
    "2562533",
    "7748283",
    "94844353",
    "688632732",
    "8627744633",
]


@pytest.mark.parametrize("digits", KEYPAD)
@pytest.mark.parametrize("shape", ["+{}", "00{}", "sip:+{}@pbx", "%2B{}", " {}"])
def test_a_word_spelled_on_a_keypad_is_withheld_in_international_form(digits: str, shape: str) -> None:
    assert isinstance(read_caller(shape.format(digits), "DE"), Withheld)


@pytest.mark.parametrize(
    ("raw", "region", "number"),
    [
        ("266696687", "DE", "+49266696687"),
        ("7378742833", "US", "+17378742833"),
        ("94844353", "HK", "+85294844353"),
        ("+6622553743", "US", "+6622553743"),
        ("(737) 874-2833", "US", "+17378742833"),
    ],
)
def test_a_subscriber_whose_digits_spell_a_word_is_a_caller(raw: str, region: str, number: str) -> None:
    assert read_caller(raw, region) == Dialled(raw, E164(number))


@pytest.mark.parametrize(
    "raw",
    [
        *("[Number]", "[NUMBER]", "$remote", "$call_id", "$caller$", "{calleridNational}", "{CALLERNUM}"),
        *(
            "${number}",
            "$(call.ani)",
            "{{call.external_number}}",
            "{{ cli }}",
            "%PFANI%",
            "{cli}",
            "%number%",
        ),
    ],
)
def test_a_variable_that_nobody_filled_in_is_a_placeholder(raw: str) -> None:
    assert read_caller(raw, "US") == Invalid(raw, "placeholder")


SHAPES: list[Row] = [
    ("+12125550123", None, "+12125550123"),
    ("492111234567", "DE", "+492111234567"),
    ("492111234567", "US", "+492111234567"),
    ("492111234567", None, "+492111234567"),
    ("+44 330 818 6690", "US", "+443308186690"),
    ("+1-202-555-0133", "DE", "+12025550133"),
    ("+1 (713) 987-2967", "DE", "+17139872967"),
    ("+44 (0)20 7946 0958", "US", "+442079460958"),
    ("022129191999", "DE", "+4922129191999"),
    ("09151234567", "DE", "+499151234567"),
    ("(713) 987-2967", "US", "+17139872967"),
    ("8 (495) 727-12-34", "RU", "+74957271234"),
    ("06 1 634 5678", "HU", "+3616345678"),
    ("06 698 12345", "IT", "+390669812345"),
    ("004921112345", "DE", "+4921112345"),
    ("004921112345", "US", "+4921112345"),
    ("004921112345", None, "+4921112345"),
    ("01133142278186", "US", "+33142278186"),
    ("01033142278186", "JP", "+33142278186"),
    ("0033142278186", "JP", "+33142278186"),
    ("001133142278186", "AU", "+33142278186"),
    ("sip:+17063958228@sip.swire.io", "DE", "+17063958228"),
    ("SIPS:+17063958228@[2001:db8::1]:5061;user=phone", "DE", "+17063958228"),
    ("sip:+15617500080;verstat=TN-Validation-Passed@foo.com;user=phone", "DE", "+15617500080"),
    ("sip:0171-1234567@pbx", "DE", "+491711234567"),
    ("+17139872967@10.0.0.1", "DE", "+17139872967"),
    ("tel:+49-641-400000", "US", "+49641400000"),
    ("tel:641400000;phone-context=+49", "US", "+49641400000"),
    ('"Smith, John" <sip:381629759787@pbx>', "RS", "+381629759787"),
    ('"+1 212 555 0100" <sip:+17139872967@pbx>', "US", "+17139872967"),
    ("Anonymous <sip:+17139872967@pbx>", "US", "+17139872967"),
    ("%2B4915112345678", "US", "+4915112345678"),
    ("%252B4915112345678", "US", "+4915112345678"),
    (" 4915112345678", "US", "+4915112345678"),
    (" 17139872967", "DE", "+17139872967"),
    ("+ 4915112345678", "US", "+4915112345678"),
    (4915112345678, "US", "+4915112345678"),
    (4915112345678.0, "US", "+4915112345678"),
    (["+4915112345678"], "US", "+4915112345678"),
    ("+5215512345678", "US", "+525512345678"),
    ("+١٤١٦٩٣٢٥٦٨٠", "CA", "+14169325680"),
    ("＋３５８ ４０ ２８３５５８７", "FI", "+358402835587"),
    ("+49\N{NO-BREAK SPACE}30\N{EN DASH}123456", "US", "+4930123456"),
    ("\u202a+4930123456\u202c", "US", "+4930123456"),
    ("+800 1234 5678", "US", "+80012345678"),
    ("+1 (123) 456 7890", "US", "+11234567890"),
    ("123 456 7890", "US", "+11234567890"),
]


@pytest.mark.parametrize(("raw", "region", "number"), SHAPES)
def test_a_number_is_read_in_every_shape_that_phone_systems_send(
    raw: Any, region: str | None, number: str
) -> None:
    caller = read_caller(raw, region)

    assert isinstance(caller, Dialled)
    assert caller.number == E164(number)
    assert caller.extension is None


@pytest.mark.parametrize(
    ("raw", "region", "number"),
    [
        ("49301234567", "DE", "+49301234567"),  # national numbers begin with 0 there, so this is E.164
        ("393387606289", "IT", "+393387606289"),
        ("3387606289", "IT", "+393387606289"),
        ("4402079460958", "US", "+442079460958"),
        ("7139872967", "US", "+17139872967"),
        ("17139872967", "US", "+17139872967"),
        ("84957271234", "RU", "+74957271234"),
        ("351222421462", "PL", "+351222421462"),
    ],
)
def test_digits_without_a_sign_are_national_where_they_can_be_else_international(
    raw: str, region: str, number: str
) -> None:
    assert read_caller(raw, region) == Dialled(raw, E164(number))


@pytest.mark.parametrize(
    ("raw", "region", "number"),
    [("0012015550127", "HK", "+12015550127"), ("004532123431", "SG", "+4532123431")],
)
def test_00_is_read_alike_where_carriers_have_longer_codes(raw: str, region: str, number: str) -> None:
    assert read_caller(raw, region) == Dialled(raw, E164(number))


@pytest.mark.parametrize(
    "raw",
    [
        "+17139872967 x12",
        "+1 713 987 2967 ext. 12",
        "+17139872967 extension 12",
        "+17139872967#12",
        "+17139872967;ext=12",
        "tel:+1-713-987-2967;ext=12",
        "sip:+17139872967;ext=12@pbx",
        "sip:+17139872967@pbx;ext=12",
        "713-987-2967 x12",
    ],
)
def test_the_extension_a_call_names_is_kept_beside_its_number(raw: str) -> None:
    assert read_caller(raw, "US") == Dialled(raw, E164("+17139872967"), "12")


@pytest.mark.parametrize("raw", ["9872967", "987-2967", "987 2967"])
def test_seven_digits_from_a_north_american_source_are_a_local_number(raw: str) -> None:
    assert read_caller(raw, "CA") == Dialled(raw, LocalNumber("9872967"))


@pytest.mark.parametrize(
    ("raw", "extension"),
    [
        ("1045", "1045"),
        (1045, "1045"),
        ("123456", "123456"),
        ("112", "112"),
        ("20701@172.18.186.94", "20701"),
        ("sip:100@pbx", "100"),
        ("tel:7042;phone-context=example.com", "7042"),
    ],
)
def test_up_to_six_digits_are_a_colleague(raw: Any, extension: str) -> None:
    assert read_caller(raw, "US") == Internal(str(raw), extension)


@pytest.mark.parametrize(
    ("raw", "region", "reason"),
    [
        ("client:alice", "US", "text"),
        ("KzQ5MTUx", "US", "text"),
        ("unknown number 5", "US", "text"),
        ("+4930\ud800123456", "US", "text"),
        ("+49301234567,+49301234568", "US", "text"),
        ("' OR 1=1 --", "US", "text"),
        (True, "US", "text"),
        (-5, "US", "text"),
        (float("nan"), "US", "text"),
        (float("inf"), "US", "text"),
        (10**50, "US", "text"),
        ({}, "US", "text"),
        (["+17139872967", "+17139872968"], "US", "text"),
        ("012345", "US", "too_short"),
        ("+123456", "US", "too_short"),
        ("+17139872967777777777", "US", "too_long"),
        ("1" * 1025, "US", "too_long"),
        ("12345678", "US", "not_in_plan"),
        ("7139872967", None, "no_region"),
        ("0171 1234567", None, "no_region"),
    ],
)
def test_what_is_no_number_is_invalid_for_a_reason(raw: Any, region: str | None, reason: str) -> None:
    caller = read_caller(raw, region)

    assert isinstance(caller, Invalid)
    assert caller.reason == reason


def test_half_a_surrogate_pair_alone_is_no_caller() -> None:
    assert isinstance(read_caller("\ud800", "US"), Withheld)
