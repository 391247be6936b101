"""People as the directory tells of them, and the small records a screen pop shows."""

import msgspec


class Named(msgspec.Struct, frozen=True, gc=False):
    """A reference to a record by id and display name: organization, site, manager."""

    id: int
    name: str


class Contact(msgspec.Struct, frozen=True, gc=False):
    """One telephone of a person: `label` is `work`, `mobile`, `home` or `fax`, `telephone` free text."""

    label: str
    telephone: str


class Person(msgspec.Struct, frozen=True, gc=False):
    """
    A person as `GET /sd` and `GET /people/:id` give them; of the contacts only the telephones.

    `contacts` is None where an answer did not tell them, which is not the same as having none.
    """

    id: int
    name: str
    contacts: tuple[Contact, ...] | None = ()
    disabled: bool = False
    vip: bool = False
    job_title: str | None = None
    organization: Named | None = None
    site: Named | None = None
    manager: Named | None = None
    primary_email: str | None = None
    location: str | None = None
    locale: str | None = None
    time_zone: str | None = None
    picture_uri: str | None = None
    support_id: str | None = None
    employee_id: str | None = None
