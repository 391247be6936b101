"""The rights that the document asks for are enough, and no more than that."""

import re
from pathlib import Path
from typing import Final

import pytest

from cti_lookup.cache.redis_link import RedisLink, Script
from tests.redis.conftest import Links
from tests.redis.saying import reason_for, store
from tests.servers.redis_process import RedisProcess

ROOT: Final = Path(__file__).parents[2]
DOCUMENT: Final = ROOT / "docs" / "redis.md"
SCRIPTS: Final = ROOT / "cti_lookup" / "cache" / "scripts"

INSIDE: Final = (
    "'SET', KEYS[1], '1', 'NX', 'PX', 900",
    "'GET', KEYS[1]",
    "'INCR', KEYS[1]",
    "'PEXPIRE', KEYS[1], 900",
    "'DECR', KEYS[1]",
    "'PTTL', KEYS[1]",
    "'PERSIST', KEYS[1]",
    "'DEL', KEYS[1]",
    "'UNLINK', KEYS[1]",
    "'TIME'",
    "'SADD', KEYS[2], 'a'",
    "'SMEMBERS', KEYS[2]",
    "'HSET', KEYS[3], 'a', '1'",
    "'HGETALL', KEYS[3]",
    "'HEXISTS', KEYS[3], 'a'",
    "'HDEL', KEYS[3], 'a'",
    "'XADD', KEYS[4], 'MAXLEN', '~', 1000, '*', 'a', '1'",
    "'XREAD', 'STREAMS', KEYS[4], '0'",
    "'XADD', KEYS[4], 'MINID', '~', 1, '*', 'a', '1'",
    "'XTRIM', KEYS[4], 'MAXLEN', '~', 1000",
    "'ZADD', KEYS[5], 1, 'a'",
    "'ZREM', KEYS[5], 'a'",
    "'ZSCORE', KEYS[5], 'a'",
    "'ZREVRANGEBYSCORE', KEYS[5], 1, '-inf', 'WITHSCORES', 'LIMIT', 0, 1",
    "'PEXPIRE', KEYS[5], 900",
    "'SREM', KEYS[2], 'a'",
    "'ZREMRANGEBYSCORE', KEYS[5], 0, 1",
    "'ZCARD', KEYS[5]",
)
KEYS: Final = tuple(f"cti:2:{{t}}:{n}" for n in range(5))


def words_of_the_document() -> list[str]:
    found = re.search(r"^ACL SETUSER .*$", DOCUMENT.read_text(), re.MULTILINE)
    assert found is not None
    return found[0].replace(">PASSWORD", ">right").split()


@pytest.fixture
def restricted(redis: RedisProcess) -> str:
    """Give the URL of the document's user."""
    redis.command(*words_of_the_document())
    return f"unix://cti:right@{redis.socket}?db=1"


@pytest.fixture
async def link(links: Links, restricted: str) -> RedisLink:
    return links.to(restricted)


async def test_the_line_itself_works(link: RedisLink) -> None:
    assert await store(link, KEYS[0], b"v") == b"OK"
    assert await link.read((KEYS[0], KEYS[1])) == (b"v", None)
    await link.call("xadd", lambda client: client.xadd(KEYS[4], {"a": "1"}))
    assert await link.call("xread", lambda client: client.xread({KEYS[4]: "0"}))
    assert await link.call("xrevrange", lambda client: client.xrevrange(KEYS[4], count=1))
    assert await link.call("xrange", lambda client: client.xrange(KEYS[4]))
    assert await link.call("smembers", lambda client: client.smembers(KEYS[2])) == set()
    assert await link.call("srem", lambda client: client.srem(KEYS[2], "a")) == 0
    await link.call("page", lambda client: client.zrevrangebyscore(KEYS[3], "+inf", "-inf", start=0, num=9))
    assert await link.call("hgetall", lambda client: client.hgetall(KEYS[2])) == {}
    assert await link.call("set", lambda client: client.set(KEYS[0], b"w", nx=True, px=900)) is None


def test_no_script_has_a_command_that_is_not_tried_here() -> None:
    texts = [path.read_text() for path in SCRIPTS.glob("*.lua")]
    used = {command for text in texts for command in re.findall(r"redis\.call\('([A-Z]+)'", text)}
    assert used
    assert used <= {command.split("'")[1] for command in INSIDE}


@pytest.mark.parametrize("command", INSIDE)
async def test_every_command_of_a_script_is_permitted(link: RedisLink, command: str) -> None:
    await link.run("inside", Script(f"redis.call({command}) return 1"), KEYS, ())


@pytest.mark.parametrize(
    "command", ["'GET', 'other'", "'SET', 'other', '1'", "'FLUSHALL'", "'KEYS', '*'", "'LPUSH', KEYS[1], 'a'"]
)
async def test_nothing_else_is_permitted_and_that_is_auth(link: RedisLink, command: str) -> None:
    assert await reason_for(link.run("inside", Script(f"return redis.call({command})"), KEYS, ())) == "auth"


async def test_keys_and_commands_of_others_are_auth(link: RedisLink, links: Links) -> None:
    assert await reason_for(link.read(("other",))) == "auth"
    assert await reason_for(link.call("flush", lambda client: client.execute_command("FLUSHALL"))) == "auth"
    assert links.counted == {("read", "auth"): 1, ("flush", "auth"): 1}
