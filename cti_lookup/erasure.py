"""A person erased everywhere: in every cache and the call log, on every replica, and in the embedded directory's file."""

from typing import Final, Protocol

from cti_lookup.errors import NotForgotten, Unavailable
from cti_lookup.feed.choices import Choices
from cti_lookup.feed.log import CallLog
from cti_lookup.invalidation import Invalidation


class ErasableDirectory(Protocol):
    """A directory that can be told to erase somebody."""

    async def erase(self, person_id: int) -> bool:
        """Erase a person for good; tell whether there was one. Raises `Unavailable`."""
        ...


ERASED: Final = "erased"
UNKNOWN: Final = "unknown"
ELSEWHERE: Final = "elsewhere"


class Erasure:
    """Erases people; `directory` is the embedded one, None where people are kept in a system that is not ours."""

    def __init__(
        self,
        invalidation: Invalidation,
        directory: ErasableDirectory | None,
        calls: CallLog,
        choices: Choices,
    ) -> None:
        self._invalidation = invalidation
        self._directory = directory
        self._calls = calls
        self._choices = choices

    async def erase(self, person_id: int) -> str:
        """
        Erase a person and say what became of them in the directory: `erased`, `unknown`, `elsewhere`.

        They are barred from every answer before the directory is told, so that what it still says meanwhile is of no
        effect. Raises `NotForgotten` if a replica or the directory could not be told; then it is to be repeated.
        """
        await self._invalidation.erase(person_id)
        await self._choices.forget_person(person_id)
        await self._calls.erase_person(person_id)
        if self._directory is None:
            return ELSEWHERE
        try:
            return ERASED if await self._directory.erase(person_id) else UNKNOWN
        except Unavailable as exc:
            raise NotForgotten("directory") from exc
