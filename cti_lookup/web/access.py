"""Who may use a machine route, and which region they mean."""

from collections.abc import Mapping

from aiohttp import web
from yarl import URL

from cti_lookup.errors import BadKey, WrongField
from cti_lookup.keys import shown_key
from cti_lookup.telephone import is_region
from cti_lookup.web.keys import PARTS, WHO, Parts


def machine(request: web.Request) -> Parts:
    """Give what a machine route works with. Raises `BadKey` where no machine key is shown."""
    parts = request.app[PARTS]
    key = shown(request)
    if key not in parts.machine_keys:
        raise BadKey("The key is missing or not known.")
    request[WHO] = parts.audit.key(key)
    return parts


def asking(request: web.Request) -> Parts:
    """Give the same where somebody is asked for by hand. Raises `TooOften` too."""
    parts = machine(request)
    parts.allowances.take_from_key(shown(request))
    return parts


def shown(request: web.Request) -> str:
    """Take the key that a request shows in its headers, or for telephones that can do no better, in its query."""
    return shown_in(request.headers, request.rel_url)


def shown_in(headers: Mapping[str, str], url: URL) -> str:
    """Do the same for a request whose head was only read."""
    return shown_key(headers) or url.query.get("key", "")


def region_asked(request: web.Request, parts: Parts) -> str | None:
    """Choose the region that national numbers are read in: as asked, else the source's, else the service's."""
    asked, name = request.query.get("region", "").upper(), request.query.get("source", "")
    if asked and not is_region(asked):
        raise WrongField("region", "'region' is no ISO 3166 region with a numbering plan.")
    if name and name not in parts.sources:
        raise WrongField("source", "No source of this name is configured.")
    return asked or (parts.sources[name].region if name else parts.region)
