"""The bill of materials names what is shipped, with its licences, as the standard writes it."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.bill_of_materials import NotAsLockedError, Package, bill, main, packages, written

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
AT = datetime(2026, 11, 21, tzinfo=UTC)
ELSEWHERE = {"async-timeout"}  # locked for versions of Python that may not be this one

# Nothing that binds who ships a program that imports it.
FREE = {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT-0", "PSF-2.0"}


def made(*arguments: Any) -> Any:
    return json.loads(written(bill(*arguments)))


def test_it_names_every_package_of_the_lock_in_its_version(tmp_path: Path) -> None:
    file = tmp_path / "dist" / "sbom.json"
    main(str(ROOT / "requirements.lock"), str(file))
    named = {(one["name"], one["version"]) for one in json.loads(file.read_text())["components"]}

    assert named == set(re.findall(r"^([a-z0-9-]+)(?:\[.*?\])?==(\S+)", LOCK, re.MULTILINE))


def test_it_is_valid_as_the_standard_s_own_schema_says() -> None:
    text = written(bill("1.2.3", ["aiohttp"], packages(LOCK), AT))

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.replace('"MIT"', '"MTI"')) is not None


def test_every_package_that_is_installed_has_a_licence_that_lets_us_ship_it() -> None:
    for package in packages(LOCK):
        if package.licence is None:
            assert package.name in ELSEWHERE
        else:
            assert set(re.split(r" (?:AND|OR) ", package.licence)) <= FREE, package


def test_it_says_who_needs_whom() -> None:
    needed = {
        one["ref"]: one.get("dependsOn", [])
        for one in made("1.2.3", ["yarl"], packages(LOCK), AT)["dependencies"]
    }
    by_name = {re.sub(r"^pkg:pypi/|@.*", "", ref): refs for ref, refs in needed.items()}

    assert [re.sub(r"@.*", "", ref) for ref in by_name["cti-lookup"]] == ["pkg:pypi/yarl"]
    assert {re.sub(r"@.*", "", ref) for ref in by_name["yarl"]} == {
        "pkg:pypi/idna",
        "pkg:pypi/multidict",
        "pkg:pypi/propcache",
    }


def test_the_same_lock_makes_the_same_bill_and_another_makes_another() -> None:
    one = (Package("a", "1", "MIT"),)
    other = (Package("a", "2", "MIT"),)

    assert made("1", ["a"], one, AT) == made("1", ["a"], one, AT)
    assert made("1", ["a"], one, AT)["serialNumber"] != made("1", ["a"], other, AT)["serialNumber"]


def test_an_environment_that_is_not_the_lock_s_is_refused() -> None:
    with pytest.raises(NotAsLockedError, match=r"aiohttp is installed as .* and locked as 0\.0\.1"):
        packages("aiohttp==0.0.1 \\\n")


def test_the_list_of_licences_is_the_metadata_s() -> None:
    rows = re.findall(
        r"^\| `([a-z0-9-]+)` \| (\S.*?) \|$", (ROOT / "docs" / "licences.md").read_text(), re.MULTILINE
    )
    told = dict(rows)

    assert list(told) == [package.name for package in packages(LOCK)]
    for package in packages(LOCK):
        if package.licence:
            assert told[package.name] == package.licence
