"""
A request's body or query as a message: what paths are looked up in. Bounded, and total: a message or `Unreadable`.

Facts: a form's name that ends in `[]` is a list however often it comes, and is found under its name without them (PHP's way, which
sipgate and Zammad share); a name that comes more than once is a list too. Of XML each element is its text, or a table of what is inside: its
children by name, attributes as `@name`, text beside them as `#text`; elements of one name are a list; a namespace's prefix is left out.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from xml.etree.ElementTree import Element

from cti_lookup.dialects.bodies import Fields, form_of, value_of
from cti_lookup.dialects.custom.fields import step_into
from cti_lookup.dialects.custom.values import query_of
from cti_lookup.dialects.dialect import Request
from cti_lookup.dialects.tokens import claims_of
from cti_lookup.dialects.xml import xml_of, xml_text
from cti_lookup.errors import Unreadable
from cti_lookup.strict_json import read_json

Reader: TypeAlias = Callable[[Request], Any]


def _json(request: Request) -> Any:
    try:
        value = read_json(request.body)
    except ValueError:  # its text may hold parts of the body
        raise Unreadable("The body is no JSON, or is nested too deep.") from None
    if not isinstance(value, dict | list):
        raise Unreadable("The body is JSON, but neither object nor list.")
    return value


def _query(request: Request) -> Any:
    return _named(query_of(request))


def _form(request: Request) -> Any:
    if not request.body:
        return _query(request)
    fields = form_of(request.body)
    if not any(value for values in fields.values() for value in values):
        raise Unreadable("The body is no form with a value in it.")
    return _named(fields)


def _named(fields: Fields) -> dict[str, Any]:
    message: dict[str, Any] = {}
    for name, values in fields.items():
        many = name.endswith("[]") or len(values) > 1
        message[name.removesuffix("[]")] = list(values) if many else values[0]
    return message


def _xml(request: Request) -> Any:
    root = xml_of(request.body)
    return {_local(root): _inside(root)}


def _inside(element: Element) -> Any:
    text = xml_text(element)
    told = {name: value for name, value in element.attrib.items() if not name.startswith("xmlns")}
    if not len(element) and not told:
        return text
    inside: dict[str, Any] = {f"@{name}": value for name, value in told.items()}
    for child in element:
        name = _local(child)
        value = _inside(child)
        if name not in inside:
            inside[name] = value
        elif isinstance(inside[name], list):
            inside[name].append(value)
        else:
            inside[name] = [inside[name], value]
    return {**inside, "#text": text} if text else inside


def _local(element: Element) -> str:
    return element.tag.rpartition(":")[2]


def _jwt(request: Request) -> Any:
    return claims_of(_token(request))


def _token(request: Request) -> str:
    return request.body.decode("latin-1").strip().strip('"')


def _whatever(request: Request) -> Any:
    """Read what the body begins like: scripts send JSON under any type, or none."""
    begins = request.body.lstrip()[:1]
    if begins in (b"{", b"["):
        return _json(request)
    return _xml(request) if begins == b"<" else _form(request)


READERS: Final[Mapping[str, Reader]] = {
    "auto": _whatever,
    "json": _json,
    "form": _form,
    "query": _query,
    "xml": _xml,
    "jwt": _jwt,
}


def with_json_at(reader: Reader, places: tuple[tuple[str, ...], ...]) -> Reader:
    """Decode what stands at some places in a message as JSON of its own; what is no text there stays."""
    if not places:
        return reader

    def read(request: Request) -> Any:
        message = reader(request)
        for steps in places:
            _decode_at(message, steps)
        return message

    return read


def of_body_only(reader: Reader) -> Reader:
    """Refuse what has no body: a query in its place is not signed."""

    def read(request: Request) -> Any:
        if not request.body:
            raise Unreadable("The request has no body.")
        return reader(request)

    return read


def _decode_at(message: Any, steps: tuple[str, ...]) -> None:
    for step in steps[:-1]:
        message = step_into(message, step)
    if isinstance(message, dict) and isinstance(message.get(steps[-1]), str):
        message[steps[-1]] = value_of(message[steps[-1]])
