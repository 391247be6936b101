"""What the page on sizes says to run gives what the page has."""

import re
from pathlib import Path

import pytest

from tools.sizing import main

PAGE = (Path(__file__).parents[2] / "docs" / "sizing.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_it_measures_what_a_process_and_its_redis_take(capsys: pytest.CaptureFixture[str]) -> None:
    main(people=150, settled=0.1)
    told = capsys.readouterr().out
    in_redis = [float(number) for number in re.findall(r"([\d.]+) KiB in Redis", told)]

    assert re.findall(r"^\w+ Redis", told, re.MULTILINE) == ["without Redis", "with Redis"]
    assert in_redis[:3] == [0, 0, 0]
    assert in_redis[3] > 0.5, "each new caller is stored"
    assert in_redis[5] > 0.5, "each call is stored"


def test_every_command_of_the_page_is_there() -> None:
    named = set(re.findall(r"`(?:python -m )?(tools\.sizing|make bench|cti-lookup replay|redis-cli)\b", PAGE))

    assert named == {"tools.sizing", "make bench", "cti-lookup replay", "redis-cli"}
    assert set(re.findall(r"--scene (\w+)", PAGE)) <= {"footprint", "streams"}
