"""As much of PromQL as it takes to know which series a query is about."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
RULES_FILE: Final = ROOT / "helm" / "rules" / "cti-lookup.rules.yaml"
RULES: Final[Any] = yaml.safe_load(RULES_FILE.read_text())
EVERY_RULE: Final = [rule for group in RULES["groups"] for rule in group["rules"]]
ALERTS: Final = [rule for rule in EVERY_RULE if "alert" in rule]
RECORDED: Final = {rule["record"]: rule["expr"] for rule in EVERY_RULE if "record" in rule}

_SELECTOR: Final = re.compile(r"(?<![\w:$])([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(?!\s*\()(?=[^\w:]|$)")
_MATCHER: Final = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING: Final = re.compile(r"\b(by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_WORDS: Final = {"and", "or", "unless", "bool", "offset", "by", "on", "without", "ignoring", "inf"}
_DURATION: Final = re.compile(r"\[[^\]]*\]|\boffset\s+\w+")


@dataclass(frozen=True)
class Selector:
    """The series that a query takes: their name, and for each label it names the values it wants."""

    name: str
    labels: dict[str, str]


def selectors(query: str) -> Iterator[Selector]:
    """Give what a query takes from the store."""
    bare = _DURATION.sub(" ", _GROUPING.sub(" ", query))
    for name, braces in _SELECTOR.findall(bare):
        if name not in _WORDS:
            yield Selector(name, dict(_MATCHER.findall(braces)))


def grouped_by(query: str) -> set[str]:
    """Name the labels by which a query groups or joins."""
    return {one.strip() for _, labels in _GROUPING.findall(query) for one in labels.split(",") if one.strip()}


def alternatives(pattern: str) -> list[str]:
    """Give the words that a matcher of plain words names."""
    return [word for word in pattern.split("|") if re.fullmatch(r"[a-z_]+", word)]


Exposed = dict[str, set[str]]
"""The names of series, and the labels of each."""

SCRAPED: Final = {"namespace", "job", "instance"}
"""Labels that Prometheus adds to whatever it scrapes; the namespace where it runs in Kubernetes."""

PROMETHEUS_OWN: Final = {"up": set[str](), "ALERTS": {"alertname", "alertstate"}}


def unknown(query: str, exposed: Exposed) -> list[str]:
    """Say which series and labels of a query there are not."""
    known = {**exposed, **PROMETHEUS_OWN, **{name: grouped_by(expr) for name, expr in RECORDED.items()}}
    taken = list(selectors(query))
    faults = [one.name for one in taken if one.name not in known]
    labels = set().union(*(known.get(one.name, set()) for one in taken)) | SCRAPED
    faults += [
        f"{one.name}{{{label}}}"
        for one in taken
        for label in one.labels
        if label not in known.get(one.name, set()) | SCRAPED
    ]
    return faults + [f"by ({label})" for label in grouped_by(query) - labels]
