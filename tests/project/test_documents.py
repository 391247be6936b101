"""Documents lead to what there is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("helm/*.md"), *ROOT.glob("examples/**/*.md")]
)
LINK = re.compile(r"\]\(([^)#\s]+)(#[^)\s]+)?\)")
TESTS = re.compile(r"`(tests/[a-z0-9_/]+(?:\.py)?)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_document_leads_to_a_file(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    linked = [
        place for place, _ in LINK.findall(text) if "://" not in place and not place.startswith("mailto:")
    ]

    assert [place for place in linked if not (document.parent / place).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_test_that_a_document_names_is_there(document: Path) -> None:
    named = TESTS.findall(document.read_text(encoding="utf-8"))

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_every_document_is_linked_from_the_readme_or_from_another() -> None:
    linked = {
        (document.parent / place).resolve()
        for document in DOCUMENTS
        for place, _ in LINK.findall(document.read_text(encoding="utf-8"))
        if "://" not in place
    }
    named = (ROOT / "README.md").read_text(encoding="utf-8")
    lonely = [
        path.name
        for path in ROOT.glob("docs/*.md")
        if path.resolve() not in linked and f"docs/{path.name}" not in named
    ]
    assert lonely == []
