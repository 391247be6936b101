"""The paths that say who is calling."""

from collections.abc import Iterator, Mapping
from typing import Final

from cti_lookup.web.openapi import examples
from cti_lookup.web.openapi.operations import AGENT, MACHINE, Operation, Path, json_answer, text_answer
from cti_lookup.web.openapi.parameters import PLACE, in_query, telephone
from cti_lookup.web.openapi.problems import BODY, KEY, TOKEN
from cti_lookup.web.openapi.schemas import FLAG, Schema, record, ref

_ID: Final[Schema] = {"type": "string", "maxLength": 128}

SCHEMAS: Final[Mapping[str, Schema]] = {
    "Explained": record(
        "Each step of a lookup.",
        {
            "caller": ref("Caller"),
            "lookup": ref("Explanation"),
            "quota": {"anyOf": [ref("Remaining"), {"type": "null"}]},
        },
    )
}


def lookup_paths() -> Iterator[Path]:
    """Describe the paths of lookups."""
    yield "/v1/lookup", {"get": _lookup()}
    yield "/v1/explain", {"get": _explain()}
    yield "/v1/cnam", {"get": _cnam()}
    yield "/v1/3cx/lookup", {"get": _contacts()}
    yield "/v1/3cx/template.xml", {"get": _template()}


def _lookup() -> Operation:
    parameters = (
        telephone("The caller, in whatever writing. It may be left out only where an id is given."),
        in_query("supportID", "Tried before `telephone`, in capital or small letters.", _ID, "30"),
        in_query("employeeID", "Tried before `supportID`, letter for letter.", _ID, "E-30"),
        in_query("refresh", "`true`: the directory is asked, whatever is remembered.", FLAG, "true"),
        *PLACE,
    )
    schema = {"anyOf": [ref("Lookup"), ref("LookupByIds")]}
    answers = {"200": json_answer("Who is calling, within 1.5 s.", schema, examples.LOOKUP)}
    codes = ("wrong_field", *KEY, *TOKEN)
    return Operation("lookUp", "Who is calling?", "lookups", answers, codes, parameters, None, AGENT)


def _explain() -> Operation:
    parameters = (
        telephone("The caller, in whatever writing.", required=True),
        in_query(
            "ask",
            "`true`: the directory is asked in any case; `false`: never; without it if no tier knows.",
            FLAG,
            "false",
        ),
        *PLACE,
    )
    answers = {
        "200": json_answer("Each step, and nothing changed by it.", ref("Explained"), examples.EXPLAINED)
    }
    codes = ("wrong_field", *KEY, *TOKEN)
    summary = "Why is somebody listed, or not?"
    about = "Of agents only supervisors may ask."
    return Operation("explain", summary, "administration", answers, codes, parameters, None, AGENT, about)


def _cnam() -> Operation:
    parameters = (telephone("The caller, in whatever writing.", name="number"), *PLACE)
    answers = {
        "200": text_answer(
            "The name, or nothing: also without a key, and whatever else was wrong, as telephones show any text.",
            "text/plain",
            "Ashok Kumar (Widget Data Center, External IT)",
            "Cache-Control",
        )
    }
    summary = "A name for a telephone's display."
    return Operation("showName", summary, "lookups", answers, (), parameters, None, (*MACHINE, {}))


def _contacts() -> Operation:
    answers = {"200": json_answer("The contacts.", ref("Contacts"), {"contacts": [examples.CONTACT]})}
    codes = ("wrong_field", *KEY, *BODY)
    parameters = (telephone("The caller, in whatever writing.", name="number"), *PLACE)
    return Operation("lookUpFor3cx", "A caller's contacts, for 3CX.", "lookups", answers, codes, parameters)


def _template() -> Operation:
    answers = {
        "200": text_answer(
            "The template.",
            "application/xml",
            '<Crm Name="cti-lookup"/>',
            "Cache-Control",
            "Content-Disposition",
        )
    }
    summary = "The CRM template to upload to 3CX."
    return Operation("give3cxTemplate", summary, "lookups", answers, ("wrong_field", *KEY), PLACE)
