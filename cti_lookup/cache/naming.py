"""
The keys of the shared tier: `cti:<schema>:{<tenant>}:<64 hex digits>`, from which nothing can be read.

The braces are a hash tag: in a Redis Cluster all keys of a tenant are in one slot, so that one script may touch several
(Redis Cluster specification, "Hash tags").
"""

from typing import Final

from cti_lookup.cache.sealing import Seal
from cti_lookup.questions import AnyQuestion

SCHEMA: Final = 2
"""Raised when the stored form changes: values of another schema stand under other keys."""

NAME_LENGTH: Final = 64
"""Length of what follows a key's prefix."""


class Names:
    """One tenant's keys under one secret; `tenant` names all that decides what an answer means."""

    def __init__(self, seal: Seal, tenant: str) -> None:
        self.seal = seal
        self.prefix = f"cti:{SCHEMA}:{{{tenant}}}:"
        self.epoch = self._key("epoch")
        self.erased = self._key("erased")
        self.busiest = self._key("busiest")
        self.notices = self._key("notices")
        self.notice_number = self._key("notice number")
        self.heartbeat = self._key("heartbeat")
        self.feed = self._key("feed")
        self.feed_epoch = self._key("feed epoch")
        self.log = self._key("log")
        self.live = self._key("live")
        self.outbox = self._key("outbox")

    def answer(self, question: AnyQuestion) -> str:
        """Name what is remembered of a question."""
        return self._key(question.text)

    def lock(self, question: AnyQuestion) -> str:
        """Name the lock of whoever asks the directory a question."""
        return self._key(f"lock {question.text}")

    def generation(self, mark: str) -> str:
        """Name the generation of all answers to questions with a mark."""
        return self._key(f"mark {mark}")

    def index(self, person_id: int) -> str:
        """Name the set of answers that list a person."""
        return self._key(f"person {person_id}")

    def tombstone(self, person_id: int) -> str:
        """Name the note of when a person was forgotten."""
        return self._key(f"forgotten {person_id}")

    def erased_field(self, person_id: int) -> str:
        """Name a person's field among the erased."""
        return self.seal.name(f"erased {person_id}")

    def quota(self, text: str) -> str:
        """Name a count of the directory's quota."""
        return self._key(f"quota {text}")

    def call(self, source: str, provider_id: str) -> str:
        """Name a call by what its phone system calls it."""
        return self._key(f"call {source} {provider_id}")  # a source's name holds no blank

    def request(self, source: str, fingerprint: bytes) -> str:
        """Name a request that was taken in."""
        return self._key(f"request {source} {fingerprint.hex()}")

    def logged(self, call_id: str) -> str:
        """Name a call of the log."""
        return self._key(f"logged {call_id}")

    def choice(self, number: str) -> str:
        """Name who was chosen for a number."""
        return self._key(f"choice {number}")

    def chosen(self, person_id: int) -> str:
        """Name the set of numbers that a person was chosen for."""
        return self._key(f"chosen {person_id}")

    def revoked_token(self, token_id: str) -> str:
        """Name the note that a token was taken back."""
        return self._key(f"revoked token {token_id}")

    def revoked_subject(self, subject: str) -> str:
        """Name the note that all tokens of a subject were taken back."""
        return self._key(f"revoked subject {subject}")

    def bare(self, key: str) -> str:
        """Give the part of a key that differs from the others."""
        return key[len(self.prefix) :]

    def _key(self, text: str) -> str:
        return self.prefix + self.seal.name(text)
