"""How people write numbers into a directory, row by row, and what can be read of it; the default region is US."""

import pytest

from cti_lookup.telephone import Reading, Strength, read_written

CERTAIN, NATIONAL, UNSURE, LOCAL = Strength.CERTAIN, Strength.NATIONAL, Strength.UNSURE, Strength.LOCAL


@pytest.mark.parametrize(
    "text",
    [
        *("+442079460958", "+44 20 7946 0958", "+44-20-7946-0958", "+44.20.7946.0958", "+44/20/79460958"),
        *("+44 (0)20 7946 0958", "+44(0)2079460958", "+44 (0) 20 7946 0958", "+44 [0] 20 7946 0958"),
        *("+44 (020) 7946 0958", "+44 (20) 7946 0958", "(+44) 20 7946 0958", "(+44) (0)20 7946 0958"),
        *("(+44 20) 7946 0958", "+44 0 20 7946 0958", "++44 20 7946 0958", "+ 44 20 7946 0958"),
        *("0044 20 7946 0958", "00 44 20 7946 0958", "0044 (0)20 7946 0958", "(0044) 20 7946 0958"),
        *("011 44 20 7946 0958", "011-44-20-7946-0958", "tel:+44-20-7946-0958", "callto:+442079460958"),
        *(
            "+44\N{NO-BREAK SPACE}20\N{EN DASH}7946\N{FIGURE SPACE}0958",
            "+44\u3000２０\u3000７９４６\u3000０９５８",
        ),
        *(
            "+٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨",
            "+४४ २० ७९४६ ०९५८",
            "\u202a+44 20 7946 0958\u202c",
            "+44\u200b20\u00ad79460958",
        ),
        *("  +44 20 7946 0958  ", "*+44 20 7946 0958*", '"+44 20 7946 0958"', "<+44 20 7946 0958>"),
        *("Tel: +44 20 7946 0958", "office +44 20 7946 0958", "Büro: +44 20 7946 0958", "☎ +44 20 7946 0958"),
        *("1) +44 20 7946 0958", "Room 204: +44 20 7946 0958", "Line 2 +44 20 7946 0958"),
        *("+44 20 7946 0958 (24/7)", "+44 20 7946 0958 (9:00-17:00)", "+44 20 7946 0958 Mon-Fri 9-17"),
        *("+44 20 7946 0958, 2nd floor", "+44 20 7946 0958 – reception", "+44 20 7946 0958 (since 2019)"),
        *(
            "+44 20 7946 0958 / 59",
            "Tel/Fax: +44 20 7946 0958",
            "Fax: +44 20 7946 0111, Tel: +44 20 7946 0958",
        ),
        "T: +44 20 7946 0958 F: +44 20 7946 0111",
    ],
)
def test_a_text_with_its_country_means_that_number_and_no_other(text: str) -> None:
    assert read_written(text, "US") == (Reading(CERTAIN, "442079460958"),)


@pytest.mark.parametrize(
    "text",
    [
        *("(713) 987-2967", "713-987-2967", "713.987.2967", "713 987 2967", "7139872967", "(713)9872967"),
        *("713/987-2967", "1 (713) 987-2967", "1-713-987-2967", "001 713 987 2967", "011 1 713 987 2967"),
        *("+1 713.987.2967", "Line 2: 713 987 2967", "Suite 200, 713-987-2967"),
    ],
)
def test_a_national_text_of_the_default_region_means_that_number(text: str) -> None:
    assert read_written(text, "US") == (Reading(CERTAIN, "17139872967"),)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("020 7946 0958", "02079460958"),
        ("(020) 7946 0958", "02079460958"),
        ("0171 1234567", "01711234567"),
        ("0641 / 818738", "0641818738"),
        ("(0)30 123456", "030123456"),
        ("049/30/123456", "04930123456"),
        ("01.42.27.81.86", "0142278186"),
        ("06 1 234 5678", "0612345678"),
        ("33 12 34 56", "33123456"),
    ],
)
def test_any_other_national_text_has_no_country(text: str, digits: str) -> None:
    assert read_written(text, "US") == (Reading(NATIONAL, digits),)


@pytest.mark.parametrize("text", ["49 30 123456", "49-30-123456", "49 (0)30 123456"])
def test_a_country_code_that_lacks_its_sign_is_believed_and_doubted(text: str) -> None:
    assert Reading(CERTAIN, "4930123456") in read_written(text, "US")
    assert {reading.strength for reading in read_written(text, "US")} == {CERTAIN, UNSURE}


@pytest.mark.parametrize("text", ["4567890", "456-7890", "456 7890", "456.7890"])
def test_seven_digits_are_a_local_number(text: str) -> None:
    assert read_written(text, "US") == (Reading(LOCAL, "4567890"),)


@pytest.mark.parametrize(
    "behind",
    [
        " x12",
        "x12",
        " ext. 12",
        " ext 12",
        ";ext=12",
        " #12",
        " extension 12",
        " (ext. 12)",
        ", ext. 12",
        " Durchwahl 12",
    ],
)
@pytest.mark.parametrize(
    ("text", "digits"), [("+44 20 7946 0958", "442079460958"), ("(713) 987-2967", "17139872967")]
)
def test_an_extension_is_no_part_of_its_number(text: str, digits: str, behind: str) -> None:
    assert read_written(text + behind, "US") == (Reading(CERTAIN, digits, "12"),)


@pytest.mark.parametrize(
    "text", ["x12", "ext. 12", "#12", "Ext 1234567", "12", "1234", "", "n/a", "see reception", "+"]
)
def test_a_text_that_is_only_an_extension_or_no_number_says_nothing(text: str) -> None:
    assert read_written(text, "US") == ()


@pytest.mark.parametrize(
    "text", ["1-800-FLOWERS", "+1 800 FLOWERS", "(800) FLOWERS", "1 800 356-9377 (FLOWERS)", "1-800-356-9377"]
)
def test_letters_are_dialled_on_a_keypad(text: str) -> None:
    assert read_written(text, "US") == (Reading(CERTAIN, "18003569377"),)


def test_letters_beyond_the_seventh_are_not_dialled() -> None:
    assert read_written("1-800-GOT-MILKSHAKE", "US") == (Reading(CERTAIN, "18004686455"),)


@pytest.mark.parametrize(
    "between",
    [" / ", " or ", "; ", ", ", " | ", " & ", "\n", "\r\n", " and ", "/", " ", " (mobile) ", " x12 / "],
)
def test_two_numbers_in_one_text_are_both_read(between: str) -> None:
    readings = read_written(f"+44 20 7946 0958{between}+49 30 123456", "US")

    assert [reading.digits for reading in readings] == ["442079460958", "4930123456"]


@pytest.mark.parametrize("between", [" / ", " or ", "; ", ", ", " | ", "\n"])
def test_two_national_numbers_in_one_text_are_both_read(between: str) -> None:
    readings = read_written(f"713-987-2967{between}281-987-2222", "US")

    assert readings == (Reading(CERTAIN, "17139872967"), Reading(CERTAIN, "12819872222"))


def test_an_extension_goes_with_the_number_before_it() -> None:
    readings = read_written("+44 20 7946 0958 x12 / +49 30 123456 x34", "US")

    assert readings == (Reading(CERTAIN, "442079460958", "12"), Reading(CERTAIN, "4930123456", "34"))


@pytest.mark.parametrize(
    "text", ["Fax +49 30 123456", "Fax: 030 123456", "telefax +49 30 123456", "+49 30 123456 (Fax)"]
)
def test_a_fax_inside_a_text_is_no_number(text: str) -> None:
    assert read_written(text, "US") == ()


@pytest.mark.parametrize("text", ["+52 1 55 1234 5678", "+52 55 1234 5678"])
def test_a_mexican_mobile_is_one_number_with_and_without_its_former_1(text: str) -> None:
    assert read_written(text, "US") == (Reading(CERTAIN, "525512345678"),)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+36 (06) 1 634 5678", "3616345678"),
        ("+370 (8) 5 212 3456", "37052123456"),
        ("+7 (495) 727-12-34", "74957271234"),
        ("+39 06 698 12345", "390669812345"),
        ("+33 (0)1 42 27 81 86", "33142278186"),
        ("+45 33 12 34 56", "4533123456"),
        ("+55 (11) 91234-5678", "5511912345678"),
        ("+54 9 11 2345 6789", "5491123456789"),
        ("+800 1234 5678", "80012345678"),
    ],
)
def test_a_trunk_prefix_is_dropped_where_the_plan_has_one(text: str, digits: str) -> None:
    assert read_written(text, "US") == (Reading(CERTAIN, digits),)


def test_without_a_default_region_a_national_text_has_no_country() -> None:
    assert read_written("(713) 987-2967", None) == (Reading(NATIONAL, "7139872967"),)


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("(+55) 40.04.1900", "5540041900"),
        ("+55 30.04.1900", "5530041900"),
        ("0055 30.04.1900", "5530041900"),
        ("+55 11 30.04.1900", "551130041900"),
        ("+45 2012-11-30", "4520121130"),
        ("+44 20 7946 0958 since 30.04.1999", "442079460958"),
        ("2012-11-30 +44 20 7946 0958", "442079460958"),
        ("since 4/30/1999: +44 20 7946 0958 24/7", "442079460958"),
    ],
)
def test_what_looks_like_a_date_may_be_the_end_of_a_number(text: str, digits: str) -> None:
    assert read_written(text, "US") == (Reading(CERTAIN, digits),)


@pytest.mark.parametrize(
    ("text", "region", "digits"),
    [
        ("044 668 18 00 24/7", "CH", "41446681800"),
        ("01.23.45.67.00 24/7", "FR", "33123456700"),
        ("030 1234-00 24/7", "DE", "4930123400"),
        ("030 1234-00 2024-01-31", "DE", "4930123400"),
        ("8.00-17.00 24/7 +49 30 1234567", "DE", "49301234567"),
        ("+49 (24/7) 30 1234567", "DE", "49301234567"),
        ("+1 24/7 713 987 2967", "US", "17139872967"),
        ("+49 2020-01-31 030 1234567", "DE", "49301234567"),
        ("8:00 01.02.2020 +49 30 1234567", "DE", "49301234567"),
    ],
)
def test_a_date_beside_a_number_is_none_of_it(text: str, region: str, digits: str) -> None:
    assert read_written(text, region) == (Reading(CERTAIN, digits),)


@pytest.mark.parametrize(
    "text",
    ["30.04.1900", "+ 31.12.2020", "+ 2020-01-31", "12/31/2020", "Mo-Fr 8:00 01.02.2020", "00.05.1970"],
)
def test_a_date_alone_is_no_number(text: str) -> None:
    assert read_written(text, "DE") == ()


def test_a_day_that_no_month_has_makes_no_date() -> None:
    assert read_written("20.49.2000", "US") == (Reading(NATIONAL, "20492000"),)


@pytest.mark.parametrize("text", ["Line +44 20 7946 0958", "Desk +44 20 7946 0958", "floor +44 20 7946 0958"])
def test_a_label_does_not_swallow_a_country_code(text: str) -> None:
    assert read_written(text, "US") == (Reading(CERTAIN, "442079460958"),)


@pytest.mark.parametrize("text", ["Desk 713 987 2967", "Desk: 713 987 2967", "Office line 713 987 2967"])
def test_a_label_does_not_swallow_an_area_code(text: str) -> None:
    assert read_written(text, "US") == (Reading(CERTAIN, "17139872967"),)


@pytest.mark.parametrize(
    "text", ["(713) 987-2967 / (281) 987-2222", "(713) 987-2967 (281) 987-2222", "713-987-2967 281-987-2222"]
)
def test_the_second_of_two_numbers_may_begin_with_a_bracket(text: str) -> None:
    assert read_written(text, "US") == (Reading(CERTAIN, "17139872967"), Reading(CERTAIN, "12819872222"))


@pytest.mark.parametrize(
    "text", ["+44 20 7946 0958 - 2nd floor", "+44 20 7946 0958 - 12", "1. +44 20 7946 0958 2. +49 30 123456"]
)
def test_digits_behind_a_whole_number_do_not_hide_it(text: str) -> None:
    assert read_written(text, "US")[:1] in {
        (Reading(CERTAIN, "442079460958"),),
        (Reading(CERTAIN, "442079460958", "12"),),
    }


def readings_of(text: str) -> set[tuple[Strength, str]]:
    return {(reading.strength, reading.digits) for reading in read_written(text, "US")} - {
        (UNSURE, "492123456789"),
        (UNSURE, "442079460958"),
    }


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("+44 20 7946 0958 / +49 (212) 345 6789", {"442079460958", "492123456789"}),
        ("+60-12-345-6944/+98 (21) 2345 9758", {"60123456944", "982123459758"}),
        ("+44 20 7946 0958/+44 (20) 7946 0959", {"442079460958", "442079460959"}),
        ("+44 20 7946 0958 / 0049 (212) 345 6789", {"442079460958", "492123456789"}),
        ("+44 20 7946 0958 / 49 (212) 345 6789", {"442079460958", "492123456789"}),
        ("+44 20 7946 0958 0049 (212) 345 6789", {"442079460958", "492123456789"}),
        ("+44 20 7946 0958/+40(0)712045344", {"442079460958", "40712045344"}),
        ("1) 713-987-2967 2) 713-987-2968", {"17139872967", "17139872968"}),
    ],
)
def test_each_of_two_numbers_keeps_its_own_country(text: str, numbers: set[str]) -> None:
    assert readings_of(text) == {(CERTAIN, number) for number in numbers}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("713-987-1800 EXT 5", "17139871800"),
        ("713-987-2800 HOME", "17139872800"),
        ("+49 30 123 800 MOBIL", "4930123800"),
        ("0027 10 123 3821 DW 50766", "27101233821"),
        ("+49 30 123546 24h", "4930123546"),
        ("+49 30 123546 9-17h", "4930123546"),
        ("+49 30 123546 2nd floor", "4930123546"),
        ("+49 30 123546 5pm", "4930123546"),
        ("+49 30 123546 8 to 5", "4930123546"),
        ("+49 30 123546 3. OG", "4930123546"),
        ("+1-713-987-2967 until 31.12.2024", "17139872967"),
        ("+1-713-987-2967 since 2024-01-02", "17139872967"),
        ("2024-01-02 713-987-2967", "17139872967"),
        ("+44 20 7946 0958 PIN 4567890", "442079460958"),
        ("+44 20 7946 0958 ext. 4567890", "442079460958"),
        ("+33 6 53 61 08 41 ext 5", "33653610841"),
        ("Direct line: 0030 210 345 6789", "302103456789"),
        ("Office line: 0044 20 7946 0958", "442079460958"),
        ("Direct line: 44 20 7946 0958", "442079460958"),
    ],
)
def test_remarks_labels_and_ids_are_no_part_of_a_number(text: str, number: str) -> None:
    assert readings_of(text) == {(CERTAIN, number)}


@pytest.mark.parametrize(
    "text",
    [
        "713-987-2967 (fax), 713-987-2968 (tel)",
        "(713) 987-2967 fax, (713) 987-2968",
        "Tel 713-987-2968 Fax 713-987-2967",
        "T +1 713 987 2968 F +1 713 987 2967",
        "T: +1 713 987 2968 / F: +1 713 987 2967",
        "Fax no.: 713-987-2967, 713-987-2968",
        "Fax (office): 713-987-2967; 713-987-2968",
        "713-987-2968, 713-987-2967 (office fax)",
        "facsimile 713-987-2967, voice 713-987-2968",
    ],
)
def test_a_number_that_the_text_calls_a_fax_is_no_voice_line(text: str) -> None:
    assert readings_of(text) == {(CERTAIN, "17139872968")}


@pytest.mark.parametrize("text", ["1 (800) 555-01WX", "1-800-KLL-0199", "+1 800 555 0199"])
def test_a_number_may_be_partly_spelled(text: str) -> None:
    assert readings_of(text) == {(CERTAIN, "18005550199")}


@pytest.mark.parametrize("text", ["713-987-2967 fax/tel", "Tel/Fax: 713-987-2967"])
def test_a_line_for_both_voice_and_fax_is_a_voice_line(text: str) -> None:
    assert readings_of(text) == {(CERTAIN, "17139872967")}
