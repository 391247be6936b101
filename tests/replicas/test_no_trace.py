"""Who was erased is in no byte that is left: not in the embedded directory's file, nor in Redis, nor in the log."""

from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from cti_lookup.cache.sealing import Seal
from cti_lookup.cache.vault import GENERATION
from tests.replicas.fleet import SECRET, Fleet, Replica, names, until
from tests.servers.fake_directory import TOKEN
from tests.servers.ports import free_port
from tests.servers.redis_content import parts_of
from tests.servers.redis_process import RedisProcess

pytestmark = pytest.mark.slow

NUMBER = "+442079460958"
SECOND = "+4915112345678"
TRACES = (
    *("Zebulon", "Quillfeather", "zeb@work.example", "zeb@home.example", "ZQ-4711"),
    *("7946 0958", "2079460958", "8590649702", "15112345678", "151 12345678", "87654321151"),
)
"""Names, addresses and ids, and the numbers as they are written, asked for, and kept from their end."""


class Store:
    """All that stands in Redis, as bytes, and as who knows the secret reads it."""

    def __init__(self, redis: RedisProcess) -> None:
        with Redis.from_url(redis.url) as client:
            keys = list(client.scan_iter())
            told = {key: parts_of(client, key) for key in keys if isinstance(key, bytes)}
        self.raw = b"\n".join(key + b"\n" + b"\n".join(values) for key, values in told.items())
        seal = Seal(SECRET.encode())
        opened = [
            seal.open(key.decode(), value[GENERATION:]) for key, values in told.items() for value in values
        ]
        self.opened = b"\n".join(value for value in opened if value is not None)


def traces_in(content: bytes) -> list[str]:
    """Give what can be found of the person, in small letters or large."""
    return [trace for trace in TRACES if trace.lower().encode() in content.lower()]


def files_of(database: Path) -> bytes:
    """Give every byte of the file, of its log, and of the log's index."""
    return b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))


async def told(replica: Replica, port: int, path: str, told: dict[str, Any]) -> Any:
    """Tell the embedded directory something, and give what it made of that."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"http://127.0.0.1:{port}/v1{path}"
    async with replica.session.post(url, json=told, headers=headers) as response:
        assert response.status in (200, 201), await response.text()
        return await response.json()


async def test_no_byte_of_an_erased_person_is_left_anywhere(
    fleet: Fleet, redis: RedisProcess, tmp_path: Path
) -> None:
    database, port = tmp_path / "people.sqlite3", free_port()
    (replica,) = await fleet.start_patient(
        1,
        directory_url="",
        directory_db=str(database),
        directory_port=str(port),
        redis_url=redis.url,
    )
    zebulon = {"name": "Zebulon Quillfeather", "primary_email": "zeb@work.example", "supportID": "ZQ-4711"}
    erased = await told(replica, port, "/people", zebulon)
    contacts = f"/people/{erased['id']}/contacts"
    for contact in (
        {"label": "work", "telephone": "+44 20 7946 0958"},
        {"label": "mobile", "telephone": "+49 151 12345678"},
        {"label": "personal", "email": "zeb@home.example"},
    ):
        await told(replica, port, contacts, contact)
    member = {"name": "Ada Example", "primary_email": "ada@work.example", "manager_id": erased["id"]}
    ada = await told(replica, port, "/people", member)
    await told(
        replica, port, f"/people/{ada['id']}/contacts", {"label": "work", "telephone": "+442079460199"}
    )

    for number in (NUMBER, SECOND):
        assert names(await replica.answer(number)) == ["Zebulon Quillfeather"]
        assert names(await replica.rung(number, displayName="Zebulon Q.")) == ["Zebulon Quillfeather"]
    assert (await replica.answer(supportID="ZQ-4711"))["matched_by"] == "supportID"
    card = (await replica.answer("+442079460199"))["people"][0]
    assert card["manager"]["name"] == "Zebulon Quillfeather"
    await until(lambda: replica.has_stored(4))
    assert traces_in(files_of(database))
    assert traces_in(Store(redis).opened)

    assert await replica.erase(erased["id"]) == (
        200,
        {"person_id": erased["id"], "directory": "erased"},
    )
    assert traces_in(files_of(database)) == []
    stored = Store(redis)
    assert traces_in(stored.opened) == []
    assert traces_in(stored.raw) == []

    assert [(await replica.answer(number))["outcome"] for number in (NUMBER, SECOND)] == ["nobody"] * 2
    assert (await replica.answer("+442079460199"))["people"][0]["manager"] is None
    await until(lambda: replica.has_stored(7))
    stored = Store(redis)
    assert traces_in(stored.opened) == traces_in(stored.raw) == traces_in(files_of(database)) == []
    assert replica.stop() == 0
    assert traces_in(files_of(database)) == []
    assert traces_in(replica.program.complained.encode() + replica.program.said.encode()) == []
