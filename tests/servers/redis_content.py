"""What stands in a Redis, whatever kind of value it is."""

from typing import Any


def parts_of(client: Any, key: bytes) -> list[bytes]:
    """Give the parts of a value: its bytes, or those of its members, fields and entries."""
    match client.type(key):
        case b"string":
            value = client.get(key)
            return [] if value is None else [value]
        case b"hash":
            return [part for pair in client.hgetall(key).items() for part in pair]
        case b"set":
            return list(client.smembers(key))
        case b"zset":
            return list(client.zrange(key, 0, -1))
        case b"stream":
            return [part for _, fields in client.xrange(key) for pair in fields.items() for part in pair]
        case b"none":
            return []  # its time ended after its key was read
    raise AssertionError("a kind of value that this test does not know")
