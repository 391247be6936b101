"""
Where in a message something stands: JMESPath, or a JSON Pointer by its first character.

Facts: jmespath.org, "Specification"; RFC 6901. JMESPath takes an empty text, an empty list, `false` and `null` for false, so that
`a || b` passes over an empty `a`. jmespath 1.1.0 looks for functions and counts their arguments only when it searches; both are done
here when an expression is compiled, so that a misspelt name is found before a telephone rings.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from jmespath import exceptions
from jmespath.functions import Functions
from jmespath.parser import Parser

Find = Callable[[Any], Any]
"""Given a message: what stands there; None for nothing. Total."""

_LONGEST: Final = 1000
_FAILS: Final = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What an expression may run into with data of another kind than it was written for."""


class PathError(ValueError):
    """An expression that is none; says where, and never quotes it."""


def compiled(expression: str) -> Find:
    """Compile a JMESPath expression or a JSON Pointer. Raises `PathError`."""
    if len(expression) > _LONGEST:
        raise PathError(f"is longer than {_LONGEST} characters")
    if expression.startswith("/"):
        return _pointer(expression)
    return _searcher(_parsed(expression))


def _parsed(expression: str) -> Any:
    try:
        parsed = Parser().parse(expression)
        _check_functions(parsed.parsed)
    except exceptions.IncompleteExpressionError:
        raise PathError("is no JMESPath: it ends too early") from None
    except exceptions.ParseError as exc:
        raise PathError(f"is no JMESPath at character {exc.lex_position + 1}") from None
    except exceptions.EmptyExpressionError:
        raise PathError("is empty") from None
    except (RecursionError, Warning):
        raise PathError("is no JMESPath that can be worked by") from None
    return parsed


def _check_functions(node: Any) -> None:
    """Raise `PathError` for a function that there is not, or with arguments it does not take."""
    for one in _nodes(node):
        if one["type"] != "function_expression":
            continue
        known = Functions.FUNCTION_TABLE.get(one["value"])
        if known is None:
            raise PathError(f"calls a function that JMESPath has not; it has {', '.join(_names())}")
        given, wanted = len(one["children"]), known["signature"]
        many = bool(wanted) and wanted[-1].get("variadic")
        if (given < len(wanted)) if many else (given != len(wanted)):
            raise PathError("calls a function with too many or too few arguments")


def _names() -> list[str]:
    return sorted(Functions.FUNCTION_TABLE)


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Walk through a parsed expression; a slice has numbers for children, and is nothing inside."""
    if not isinstance(node, dict):
        return
    yield node
    for child in node["children"]:
        yield from _nodes(child)


def _searcher(parsed: Any) -> Find:
    def find(message: Any) -> Any:
        try:
            return parsed.search(message)
        except _FAILS:  # its text would quote the message
            return None

    return find


def steps_of(path: str) -> tuple[str, ...]:
    """Take a JSON Pointer, or names with dots between, apart. Raises `PathError`."""
    if not path.startswith("/"):
        steps = tuple(path.split("."))
        if not all(steps):
            raise PathError("is no names with dots between, and no JSON Pointer")
        return steps
    parts = path[1:].split("/")
    if any("~" in part.replace("~0", "").replace("~1", "") for part in parts):
        raise PathError("is no JSON Pointer: after ~ comes 0 or 1")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def _pointer(path: str) -> Find:
    steps = steps_of(path)

    def find(message: Any) -> Any:
        for step in steps:
            message = step_into(message, step)
        return message

    return find


def step_into(value: Any, step: str) -> Any:
    """Go one step into a value; None where there is nothing."""
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isascii() and step.isdigit() and len(step) <= _DIGITS:
        return value[int(step)] if int(step) < len(value) else None
    return None


_DIGITS: Final = 5
