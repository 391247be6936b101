"""The paths of people, of what they refer to, and of their contacts."""

from collections.abc import Iterator, Mapping
from typing import Final

from cti_lookup.directory.records.calendars import CALENDARS
from cti_lookup.directory.records.contacts import ORGANIZATION_CONTACTS, PERSON_CONTACTS, ContactKind
from cti_lookup.directory.records.organizations import ORGANIZATIONS
from cti_lookup.directory.records.people import PEOPLE
from cti_lookup.directory.records.removal_lists import REMOVALS
from cti_lookup.directory.records.resource import Resource
from cti_lookup.directory.records.sites import SITES
from cti_lookup.directory.records.teams import TEAMS
from cti_lookup.directory.web.openapi import parameters
from cti_lookup.directory.web.openapi.operations import Operation, moving, page, reading, removing, writing
from cti_lookup.directory.web.openapi.schemas import name_of, ref
from cti_lookup.directory.web.openapi.values import ID, TIME, Schema

KINDS: Final = (PEOPLE, ORGANIZATIONS, SITES, TEAMS, CALENDARS)
"""The kinds of record with schemas and paths of their own."""

Path = tuple[str, Mapping[str, Operation]]


def record_paths() -> Iterator[Path]:
    """Describe all paths of records."""
    for resource in KINDS:
        yield from _collection(resource)
    yield from _people()
    yield from _people_of_organizations()
    yield from _contacts(PERSON_CONTACTS)
    yield from _contacts(ORGANIZATION_CONTACTS)
    for place, mark in (("archive", "archived"), ("trash", "trashed")):
        yield f"/{place}", {"get": _removals(place, mark)}


def _tag(resource: Resource) -> str:
    return "people" if resource is PEOPLE else "references"


def _collection(resource: Resource) -> Iterator[Path]:
    name, tag, path = name_of(resource.model), _tag(resource), f"/{resource.table}"
    words = parameters.listing(resource)
    item, full = ref(f"{name}Item"), ref(name)
    plural = resource.table.capitalize()
    listed = page(f"list{plural}", f"A page of {resource.table}.", tag, item, words)
    draft, changes = ref(f"{name}Draft"), ref(f"{name}Changes")
    created = writing(f"create{name}", f"Create a {resource.model}.", tag, draft, full, status="201")
    yield path, {"get": listed, "post": created}
    yield from _predefined(path, listed, resource)
    variable = parameters.id_in_path(f"{resource.model}_id")
    shown = reading(f"show{name}", f"One {resource.model}.", tag, full).at(variable)
    changed = writing(f"update{name}", f"Change a {resource.model}.", tag, changes, full).at(variable)
    operations = {"get": shown, "patch": changed}
    if resource is PEOPLE:
        operations["delete"] = removing("erasePerson", "Erase a person for good.", tag).at(variable)
    yield f"{path}/{{{resource.model}_id}}", operations


def _predefined(path: str, listed: Operation, resource: Resource) -> Iterator[Path]:
    for word in resource.predefined:
        name = listed.name + "".join(map(str.capitalize, word.split("_")))
        yield f"{path}/{word}", {"get": _renamed(listed, name, f"Those of the filter {word}.")}


def _renamed(operation: Operation, name: str, summary: str) -> Operation:
    return Operation(name, summary, operation.tag, operation.answers, operation.parameters)


def _people() -> Iterator[Path]:
    person = parameters.id_in_path("person_id")
    full = ref("Person")
    for path, name in (("/me", "showMe"), ("/people/me", "showMeAmongPeople")):
        yield path, {"get": reading(name, "The person whose token it is.", "people", full)}
    teams = page(
        "listTeamsOfPerson", "The teams of a person.", "people", ref("TeamItem"), parameters.listing(TEAMS)
    )
    yield "/people/{person_id}/teams", {"get": teams.at(person)}
    for word, summary in (
        ("archive", "Move a person to the archive."),
        ("trash", "Move a person to the trash."),
        ("restore", "Bring a person back."),
    ):
        move = moving(f"{word}Person", summary, "people", full)
        yield f"/people/{{person_id}}/{word}", {"post": move.at(person)}


def _people_of_organizations() -> Iterator[Path]:
    path = "/organizations/{organization_id}/people"
    words = parameters.listing(PEOPLE)
    summary = "The people of an organization."
    listed = page("listPeopleOfOrganization", summary, "references", ref("PersonItem"), words)
    listed = listed.at(parameters.id_in_path("organization_id"))
    yield path, {"get": listed}
    yield from _predefined(path, listed, PEOPLE)


def _contacts(kind: ContactKind) -> Iterator[Path]:
    name = f"{name_of(kind.model)}Contact"
    owner = parameters.id_in_path(f"{kind.model}_id")
    words = parameters.paging(kind.fields)
    listed = page(
        f"list{name}s", "The contacts, as they were added.", "contacts", ref(f"{name}InList"), words
    )
    draft, changes, full = ref(f"{name}Draft"), ref(f"{name}Changes"), ref(name)
    created = writing(f"create{name}", "Add a contact.", "contacts", draft, full, status="201")
    all_removed = removing(f"delete{name}s", "Delete all contacts.", "contacts", "422")
    path = f"/{kind.owners}/{{{kind.model}_id}}/contacts"
    yield path, {"get": listed.at(owner), "post": created.at(owner), "delete": all_removed.at(owner)}
    both = (owner, parameters.id_in_path("contact_id"))
    yield (
        f"{path}/{{contact_id}}",
        {
            "get": reading(f"show{name}", "One contact.", "contacts", full).at(*both),
            "patch": writing(f"update{name}", "Change a contact.", "contacts", changes, full).at(*both),
            "delete": removing(f"delete{name}", "Delete a contact.", "contacts", "422").at(*both),
        },
    )


def _removals(place: str, mark: str) -> Operation:
    names = ("id", "created_at", f"{mark}_by", mark, "person")
    referred = {"$ref": "#/components/parameters/removal.fields"}
    of_fields = [
        parameters.fields_of(names) if one == referred else one for one in parameters.listing(REMOVALS)
    ]
    return page(f"list{place.capitalize()}", f"What is in the {place}.", "people", _removal(mark), of_fields)


def _removal(mark: str) -> Schema:
    person = {
        "type": "object",
        "properties": {
            "id": ID,
            "href": {"type": "string", "pattern": "^/people/[0-9]+$"},
            "display_name": {"type": "string"},
        },
        "required": ["id", "href", "display_name"],
        "additionalProperties": False,
    }
    properties = {
        "id": ID,
        "created_at": TIME,
        f"{mark}_by": {"anyOf": [ref("Reference"), {"type": "null"}]},
        mark: {"const": "person"},
        "person": person,
    }
    return {"type": "object", "properties": properties, "required": ["id"], "additionalProperties": False}
