"""Sample calls are played: each part of a call in its time, over HTTP, to the webhook of its source."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Final

import aiohttp
from msgspec.structs import replace

from cti_lookup.background import Background
from cti_lookup.demonstration.samples import Sample
from cti_lookup.demonstration.staging import Demonstration, Trunk
from cti_lookup.logs import Log
from cti_lookup.playing.scene import Act, Place, Scene, Sent, Write
from cti_lookup.playing.sending import answer_to, sender

MOST_AT_ONCE: Final = 20
CALLEE: Final = "+17135550100"
_WELL: Final = range(200, 300)
_BEFORE: Final = {Act.ANSWER: 8.0, Act.HOLD: 6.0, Act.TRANSFER: 6.0, Act.HANG_UP: 12.0}
"""Seconds that a call goes on before such a part of it."""

Wait = Callable[[float], Awaitable[object]]


class Stage:
    """Plays calls that nobody waits for; `clock` gives wall seconds, `wait` lets seconds pass."""

    def __init__(
        self,
        demonstration: Demonstration,
        *,
        log: Log,
        clock: Callable[[], float],
        wait: Wait = asyncio.sleep,
    ) -> None:
        self._demonstration = demonstration
        self._playable = {sample.id: (sample, trunk) for sample, trunk in demonstration.playable()}
        self._log = log
        self._clock = clock
        self._wait = wait
        self._under_way = 0
        self._background = Background()

    @property
    def samples(self) -> tuple[tuple[Sample, Trunk], ...]:
        """Give what can be played."""
        return tuple(self._playable.values())

    @property
    def is_full(self) -> bool:
        """Tell whether as many calls are under way as may be."""
        return self._under_way >= MOST_AT_ONCE

    def knows(self, sample_id: str) -> bool:
        """Tell whether there is such a sample."""
        return sample_id in self._playable

    def ring(self, sample_id: str, here: str) -> None:
        """Begin to play a sample, to the service at the URL `here`."""
        self._under_way += 1
        self._background.spawn(self._play(*self._playable[sample_id], here))

    async def close(self) -> None:
        """End what is being played."""
        await self._background.close()

    async def _play(self, sample: Sample, trunk: Trunk, here: str) -> None:
        began = self._clock()
        scene = Scene(secrets.token_hex(16), sample.caller, CALLEE, began, began)
        try:
            async with sender() as session:
                before = Act.RING
                for act, write in trunk.player.script:
                    if act not in sample.acts:
                        continue
                    if act is not before:
                        await self._wait(_BEFORE[act])
                    before = act
                    await self._send(session, self._sent(scene, write, trunk, here))
        except (aiohttp.ClientError, TimeoutError) as fault:
            self._log.error("demonstration", sample=sample.id, result=type(fault).__name__)
        finally:
            self._under_way -= 1

    def _sent(self, scene: Scene, write: Write, trunk: Trunk, here: str) -> Sent:
        """Write a request and sign it, both as of now."""
        now, path = self._clock(), f"/webhooks/{trunk.source}"
        public = self._demonstration.settings.public_url or here
        place = Place(f"{here}{path}", f"{public}{path}", trunk.secret, now, secrets.token_hex(12))
        return trunk.player.sign(write(replace(scene, now=now)), place)

    async def _send(self, session: aiohttp.ClientSession, sent: Sent) -> None:
        async with answer_to(session, sent) as response:
            if response.status not in _WELL:
                self._log.error("demonstration", status=response.status)
