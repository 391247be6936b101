"""The schemas of records, made from the descriptions of their kinds."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from cti_lookup.directory.records.contacts import (
    LONGEST_VALUE,
    ORGANIZATION_CONTACTS,
    PERSON_CONTACTS,
    READ_ONLY,
    ContactKind,
)
from cti_lookup.directory.records.resource import (
    ALWAYS_SHOWN,
    WRITE_ONLY,
    Addresses,
    Contacts,
    Field,
    Members,
    Nothing,
    Reference,
    Resource,
)
from cti_lookup.directory.web.openapi.values import (
    ANYTHING,
    BLANK,
    BOOLEAN,
    ID,
    Schema,
    needed_text,
    read,
    written,
)

_PASSED_OVER: Final[Schema] = MappingProxyType({"description": "Not for clients to write: passed over."})
_MARK: Final[Schema] = MappingProxyType({"const": "true"})

SHARED: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "Account": {
            "description": "The account of a record, where it is not the reader's own.",
            "type": "object",
            "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
            "required": ["id", "name"],
            "additionalProperties": False,
        },
        "Reference": {
            "type": "object",
            "properties": {
                "id": ID,
                "name": {"type": "string"},
                "sourceID": {"type": "string", "description": "Where there is one."},
                "disabled": {"const": True, "description": "Where it is disabled."},
                "account": {"$ref": "#/components/schemas/Account"},
            },
            "required": ["id", "name"],
            "additionalProperties": False,
        },
        "Address": {
            "type": "object",
            "properties": {
                "id": ID,
                "label": {"type": "string"},
                **{
                    name: {"type": ["string", "null"]}
                    for name in ("address", "city", "state", "zip", "country")
                },
                "integration": {"type": "boolean"},
            },
            "required": ["id", "label", "address", "city", "state", "zip", "country", "integration"],
            "additionalProperties": False,
        },
    }
)


def ref(name: str) -> Schema:
    """Refer to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def name_of(model: str) -> str:
    """Return the name of a model's schema: `webhook_policy` is `WebhookPolicy`."""
    return "".join(map(str.capitalize, model.split("_")))


def record_schemas(resource: Resource) -> Mapping[str, Schema]:
    """Describe a kind of record as it is read alone and in a list, created and changed."""
    name = name_of(resource.model)
    shown = dict(_shown(resource))
    changed = _object(_writable(resource))
    return {
        name: _object({**shown, **_marks(resource)}, required=tuple(resource.shown)),
        f"{name}Item": _object(shown, required=("id",)),
        f"{name}Changes": changed,
        f"{name}Draft": {**changed, "required": list(resource.required)},
    }


def contact_schemas(kind: ContactKind) -> Mapping[str, Schema]:
    """Describe the contacts of a kind of owner as they are read alone and in a list, created and changed."""
    name = f"{name_of(kind.model)}Contact"
    label: Schema = {"type": "string", "enum": list(kind.labels)}
    values: dict[str, Schema] = {
        protocol: {"type": "string", "maxLength": LONGEST_VALUE} for protocol in kind.protocols
    }
    item = {"id": ID, "label": label, **values}
    return {
        f"{name}InList": _object(item | {"integration": {"type": "boolean"}}),
        name: _object(item | {"integration": {"type": "boolean"}}, required=("id", "label", "integration")),
        f"{name}Draft": {"oneOf": [_contact_draft(kind, protocol) for protocol in kind.protocols]},
        f"{name}Changes": _object(_contact_changes(kind, label)),
    }


def all_contact_schemas() -> Mapping[str, Schema]:
    """Describe the contacts of people and of organizations."""
    return {**contact_schemas(PERSON_CONTACTS), **contact_schemas(ORGANIZATION_CONTACTS)}


def _contact_draft(kind: ContactKind, protocol: str) -> Schema:
    """Describe a new contact of one kind of value, with the labels that may stand for it."""
    labels = [label for label, protocols in kind.labels.items() if protocol in protocols]
    others = {other: BLANK for other in kind.protocols if other != protocol}
    properties = {
        "label": {"type": "string", "enum": labels},
        protocol: needed_text(LONGEST_VALUE),
        **others,
        "integration": BOOLEAN,
        **dict.fromkeys(sorted(READ_ONLY), _PASSED_OVER),
    }
    return {"title": protocol, **_object(properties, required=("label", protocol))}


def _contact_changes(kind: ContactKind, label: Schema) -> Mapping[str, Schema]:
    value: Schema = {"type": ["string", "null"], "maxLength": LONGEST_VALUE}
    return {
        "label": label,
        **dict.fromkeys(kind.protocols, value),
        "integration": BOOLEAN,
        **dict.fromkeys(sorted(READ_ONLY), _PASSED_OVER),
    }


def _object(properties: Mapping[str, Schema], required: tuple[str, ...] = ()) -> dict[str, object]:
    described: dict[str, object] = {"type": "object", "properties": properties, "additionalProperties": False}
    return described | ({"required": list(required)} if required else {})


def _shown(resource: Resource) -> Iterator[tuple[str, Schema]]:
    for one in resource.fields:
        if one.name in resource.shown:
            yield one.name, _read(resource, one)
    yield "account", ref("Account")


def _read(resource: Resource, one: Field) -> Schema:
    if isinstance(one, Reference):
        return {"anyOf": [ref("Reference"), {"type": "null"}]}
    if isinstance(one, Nothing):
        return {"type": "null"} if one.value is None else {"type": "array", "maxItems": 0, "items": ANYTHING}
    part = _name_of_part(resource, one)
    return {"type": "array", "items": ref(part)} if part else read(one)


def _name_of_part(resource: Resource, one: Field) -> str:
    """Return the schema of what a field is a list of, blank for a field that is none."""
    match one:
        case Contacts():
            return f"{name_of(resource.model)}ContactInList"
        case Addresses():
            return "Address"
        case Members():
            return "Reference"
        case _:
            return ""


def _marks(resource: Resource) -> Mapping[str, Schema]:
    return {"archived": _MARK, "trashed": _MARK} if resource.removable else {}


def _writable(resource: Resource) -> Mapping[str, Schema]:
    """Describe the names a body may have: fields with a rule, and what clients may send back."""
    fields = {_name_in_body(one): one for one in resource.fields}
    known = {*resource.rules, *resource.by_name, *ALWAYS_SHOWN, *WRITE_ONLY}
    return {name: written(fields[name]) if name in resource.rules else _PASSED_OVER for name in sorted(known)}


def _name_in_body(one: Field) -> str:
    return one.column if isinstance(one, (Reference, Members)) else one.name
