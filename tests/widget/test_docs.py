"""The page about the widget lists what there is."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "widget.md").read_text(encoding="utf-8")
FOLDER: Final = ROOT / "cti_lookup" / "web" / "widget"
MODULE: Final = (FOLDER / "cti-caller-lookup.js").read_text(encoding="utf-8")
PICTURES: Final = re.findall(r"\]\((images/[^)]+)\)", PAGE)
LARGEST_PICTURE: Final = 60_000  # bytes


def rows(heading: str) -> set[str]:
    """Give the names in the first column of the table under a heading."""
    section = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return {
        name
        for line in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", line)
    }


def test_every_attribute_is_listed() -> None:
    (observed,) = re.findall(r"observedAttributes = \[(.*?)\]", MODULE, re.DOTALL)

    assert rows("Attributes") == set(re.findall(r'"([\w-]+)"', observed)) | {"theme"}


def test_every_event_is_listed() -> None:
    assert rows("Events") == set(re.findall(r'#dispatch\("(cti-[\w-]+)"', MODULE))


def test_every_method_is_one_of_the_element_s() -> None:
    element = MODULE.split("export class CtiCallerLookup", 1)[1]

    assert all(
        re.search(rf"^  (async |get )?{name.split('(')[0]}\(", element, re.MULTILINE)
        for name in rows("Methods")
    )


def test_every_property_of_style_is_listed() -> None:
    assert rows("Colours and type") == set(re.findall(r"var\((--cti-[\w-]+)", MODULE))


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_there_and_small(picture: str) -> None:
    assert 0 < (ROOT / "docs" / picture).stat().st_size < LARGEST_PICTURE


@pytest.mark.parametrize("file", sorted(FOLDER.iterdir()), ids=lambda file: file.name)
def test_a_file_asks_nobody_else_and_writes_no_markup(file: Path) -> None:
    text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")

    assert not re.search(r"https?://", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\(", text)
    assert not re.search(r"localStorage|sessionStorage|indexedDB|\.cookie|\bstyle=", text)
