"""The parameters of requests: what stands in a path, in a query and in headers."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cti_lookup.directory.records.pages import DEFAULT_PER_PAGE, MOST_PER_PAGE
from cti_lookup.directory.records.resource import Column, Reference, Resource, Roles, Type
from cti_lookup.directory.web.openapi.values import ID, Schema

Parameter = Mapping[str, object]

_SIGN: Final = "(<=|>=|<|>)"
_NUMBER: Final = "-?[0-9]{1,18}"
_DAY: Final = "[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
TIME_PATTERN: Final = f"{_DAY}(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?Z?)?"
"""Of the times that are understood, those that are certain to be some."""

ACCOUNT: Final[Parameter] = MappingProxyType(
    {
        "name": "X-R-Service-Account",
        "in": "header",
        "description": (
            "The account that the request addresses, also under the names X-4me-Account, X-Xurrent-Account and"
            " X-ITRP-Account; the account of the token's owner if it is missing or unknown."
        ),
        "schema": {"type": "string", "maxLength": 255, "pattern": "^[a-z0-9-]*$"},
    }
)
IF_NONE_MATCH: Final[Parameter] = MappingProxyType(
    {
        "name": "If-None-Match",
        "in": "header",
        "description": "The entity tag of an answer that the client has already.",
        "schema": {"type": "string", "pattern": '^(\\*|(W/)?"[!#-~]*")$'},
    }
)
PAGING: Final[Mapping[str, Parameter]] = MappingProxyType(
    {
        "per_page": (
            {
                "name": "per_page",
                "in": "query",
                "description": "Records to a page; more are taken as the most, and what is no number as the default.",
                "schema": {
                    "type": "integer",
                    "minimum": 1,
                    "maximum": MOST_PER_PAGE,
                    "default": DEFAULT_PER_PAGE,
                },
            }
        ),
        "page": (
            {
                "name": "page",
                "in": "query",
                "description": "The number of a page, for clients that count pages; a place as a `Link` has it comes before.",
                "schema": {"type": "integer", "minimum": 1, "default": 1},
            }
        ),
        "search_after": (
            {
                "name": "search_after",
                "in": "query",
                "description": "A place in the collection, as a `Link` has it: what stands after it.",
                "schema": {"type": "string", "format": "byte"},
            }
        ),
        "search_before": (
            {
                "name": "search_before",
                "in": "query",
                "description": "A place in the collection, as a `Link` has it: what stands before it.",
                "schema": {"type": "string", "format": "byte"},
            }
        ),
    }
)
"""What is asked of the pages of any collection."""


def id_in_path(name: str) -> Parameter:
    """Describe a variable of a path that is an id; what is no id is the id of nobody."""
    return {"name": name, "in": "path", "required": True, "schema": ID}


def text_in_path(name: str) -> Parameter:
    """Describe a variable of a path that is a text."""
    schema: Schema = {"type": "string", "pattern": "^[0-9A-Za-z_.-]+$"}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def text_in_query(name: str, description: str, *, required: bool = False) -> Parameter:
    """Describe a parameter that is any text."""
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": {"type": "string"},
    }


def listing(resource: Resource) -> tuple[Parameter, ...]:
    """Refer to what may be asked of a collection."""
    return tuple(_ref(name) for name in (*PAGING, *of_collection(resource)))


def of_collection(resource: Resource) -> Mapping[str, Parameter]:
    """Describe what may be asked of a collection besides its pages, under the names by which it is referred to."""
    described = (
        fields_of((*resource.shown, "account")),
        sorting(resource.sorts),
        *(_filter(resource, name) for name in resource.filters),
    )
    return {f"{resource.model}.{one['name']}": one for one in described}


def paging(names: tuple[str, ...]) -> tuple[Parameter, ...]:
    """Describe what may be asked of a collection that is neither filtered nor sorted, with its fields."""
    return (*map(_ref, PAGING), fields_of(names))


def account_and_tag() -> tuple[Parameter, Parameter]:
    """Refer to the header that names the account, and to the one with an entity tag."""
    return _ref("Account"), _ref("IfNoneMatch")


def _ref(name: str) -> Parameter:
    return {"$ref": f"#/components/parameters/{name}"}


def fields_of(names: tuple[str, ...]) -> Parameter:
    """Describe the selection of fields."""
    return _words("fields", "The fields of each record; `id` is always there.", names)


def sorting(names: tuple[str, ...]) -> Parameter:
    """Describe what a collection is sorted by."""
    signed = tuple(f"{sign}{name}" for name in names for sign in ("", "-"))
    return _words("sort", "A minus before a field is for descending.", signed)


def _words(name: str, description: str, words: tuple[str, ...]) -> Parameter:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "style": "form",
        "explode": False,
        "schema": {"type": "array", "minItems": 1, "items": {"type": "string", "enum": list(words)}},
    }


def _filter(resource: Resource, name: str) -> Parameter:
    """Describe a filter: an operator is the beginning of the value."""
    one = resource.by_name[name]
    if isinstance(one, Reference | Roles):
        what, pattern = "Ids with commas between them, of which it is one.", "^!?([^<>!].*)?$"
        if isinstance(one, Roles):
            what = "Roles with commas between them, of which the person has one."
    elif isinstance(one, Column):
        what, pattern = _OF_TYPE[one.type]
    described = f"{what} `!` before it is for not, no value for none, and `!` alone for any."
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "query", "description": described, "schema": schema, "allowEmptyValue": True}


_OF_TYPE: Final[Mapping[Type, tuple[str, str]]] = MappingProxyType(
    {
        Type.TEXT: (r"The text; `\!` is for an exclamation mark at its beginning.", r"^!?([^<>!].*)?$"),
        Type.FLAG: ("1, T, Y, TRUE, YES and ON are true, everything else is false.", "^!?([^<>!].*)?$"),
        Type.NUMBER: (
            "Numbers with commas between them, or a comparison: `<`, `<=`, `>`, `>=`, two of which make a range.",
            f"^(!?([^<>!].*)?|({_SIGN}{_NUMBER}){{1,2}})$",
        ),
        Type.TIME: (
            "A time or a day (UTC), or a comparison: `<`, `<=`, `>`, `>=`, two of which make a range.",
            f"^(!?({TIME_PATTERN})?|({_SIGN}{TIME_PATTERN}){{1,2}})$",
        ),
    }
)
