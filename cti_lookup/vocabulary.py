"""Closed sets of words: outcomes, tiers, states, directions."""

from enum import StrEnum


class Word(StrEnum):
    """A word out of a closed set, equal to its text; labels of metrics are made of them on every call."""

    __hash__ = str.__hash__  # an Enum's own is Python, and three times as slow
