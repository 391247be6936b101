"""The `auth` of a description: how the sender proves to be who it is."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import ip_network
from typing import Final

from cti_lookup.dialects.custom import verifiers
from cti_lookup.dialects.custom.jwts import PUBLIC, SHARED, Demands
from cti_lookup.dialects.custom.moments import UNITS
from cti_lookup.dialects.custom.reading import Reader
from cti_lookup.dialects.custom.tables import Table
from cti_lookup.dialects.custom.templates import Template, TemplateError, template_of
from cti_lookup.dialects.custom.values import read_value
from cti_lookup.dialects.custom.verifiers import Clock, Network, Proof, Scheme
from cti_lookup.dialects.dialect import Verify
from cti_lookup.dialects.plivo import PLIVO
from cti_lookup.dialects.standard_webhooks import STANDARD_WEBHOOKS
from cti_lookup.dialects.twilio import TWILIO
from cti_lookup.dialects.verifying import TOLERANCE

SHOWN_AS_A_KEY: Final = "key"
"""A secret is shown as a machine key is: in a header, in the path or as `?key=`."""

_LONGEST_TOLERANCE: Final = 3600
_UNITS: Final = {name: name for name in UNITS if name != "number"}
_NOTHING: Final = template_of("")


def read_auth(parent: Table, read: Reader) -> tuple[Proof, ...]:
    """Read how a sender proves to be who it is; () where it shows a key. `read` gives the message that signed fields stand in."""
    written = parent.given("auth")
    if written in (None, SHOWN_AS_A_KEY):
        return ()
    named = {written: True} if isinstance(written, str) else written
    is_unknown = isinstance(written, str) and written not in PROOFS  # it may be a secret, and is not told
    if not isinstance(named, dict) or not named or is_unknown:
        parent.fault("auth", f"is {SHOWN_AS_A_KEY}, or one or more of {', '.join(PROOFS)}")
        return ()
    table = Table(named, parent.place("auth"), parent.faults)
    proofs = [_proof(table, name, read) for name in table.names()]
    if not any(proof is None or proof.proves for proof in proofs):
        parent.fault("auth", "is an address only, which anybody can write; set another proof beside it")
    return tuple(proof for proof in proofs if proof is not None)


def _proof(table: Table, name: str, read: Reader) -> Proof | None:
    if name not in PROOFS:
        table.given(name)
        table.fault(name, f"is no proof this version knows; it knows {SHOWN_AS_A_KEY}, {', '.join(PROOFS)}")
        return None
    kind, written = PROOFS[name], table.given(name)
    if written is True:
        written = {}
    if isinstance(written, str) and name in _SHORT:
        written = {_SHORT[name]: written}
    if not isinstance(written, dict):
        table.fault(name, "is true, or a table")
        return None
    inner = Table(written, table.place(name), table.faults)
    numbers = _secrets(inner)
    proof = kind(inner, read)
    inner.finish()
    return replace(proof, verify=verifiers.chosen(proof.verify, numbers), secrets=numbers)


_SHORT: Final[Mapping[str, str]] = {"header_token": "name", "query_token": "name", "body_token": "path"}
"""Proofs that can be written as one text, and which setting that is."""


def _secrets(table: Table) -> tuple[int, ...]:
    written = table.given("secrets")
    listed = [] if written is None else written
    if not isinstance(listed, list) or not all(
        type(one) is int and 0 < one <= _MOST_SECRETS for one in listed
    ):
        table.fault("secrets", "is a list of numbers: which of the source's secrets, counted from 1")
        return ()
    return tuple(listed)


_MOST_SECRETS: Final = 20


def _template(table: Table, default: str) -> Template:
    try:
        return template_of(table.text("template", default) or default)
    except TemplateError as bad:
        table.fault("template", str(bad))
        return _NOTHING


def _tolerance(table: Table) -> float:
    return table.number("tolerance", TOLERANCE, _LONGEST_TOLERANCE, 1)


def _clock(table: Table, template: Template) -> Clock | None:
    """Read where the time of a signature stands; a time that nobody signs is a fault."""
    inner = table.table("timestamp")
    if inner is None:
        if "time" in template.names:
            table.fault("template", "has {time}, and no timestamp says where that is")
        return None
    clock = Clock(inner.needed("header"), inner.word("unit", _UNITS, "s"), _tolerance(inner))
    inner.finish()
    if template.names.isdisjoint({"time", f"header:{clock.header.casefold()}"}):
        table.fault("timestamp", "is in no part of the template, so that nobody signs it; put {time} there")
    return clock


def _scheme(table: Table, read: Reader, template: Template, clock: Clock | None, separator: str) -> Scheme:
    encoding = table.word("encoding", {name: name for name in verifiers.WRITTEN}, "hex")
    return Scheme(
        algorithm=table.word("alg", verifiers.DIGESTS, "sha256"),
        template=template,
        key=table.word("key", verifiers.KEYS, verifiers.KEYS["text"]),
        write=verifiers.WRITTEN[encoding],
        folds=encoding == "hex",
        header=table.needed("header"),
        prefix=table.text("prefix", "") or "",
        separator=table.text("separator", separator) or "",
        clock=clock,
        read=read,
    )


def _hmac(table: Table, read: Reader) -> Proof:
    template = _template(table, "{body}")
    scheme = _scheme(table, read, template, _clock(table, template), "")
    return _signing(verifiers.signature(scheme), template, timed=scheme.clock is not None)


def _kv_hmac(table: Table, read: Reader) -> Proof:
    template = _template(table, "{time}.{body}")
    if "time" not in template.names:
        table.fault("template", "has no {time}, so that nobody signs it")
    clock = Clock("", table.word("unit", _UNITS, "s"), _tolerance(table))
    scheme = _scheme(table, read, template, clock, ",")
    names = table.text("time", "t") or "t", table.text("signature", "v1") or "v1"
    return _signing(verifiers.key_values(scheme, *names, clock), template, timed=True)


def _ed25519(table: Table, _read: Reader) -> Proof:
    template = _template(table, "{body}")
    if template.needs_message or "secret" in template.names:
        table.fault("template", "has a name that an Ed25519 signature cannot cover here: field, secret")
    clock = _clock(table, template)
    return _signing(
        verifiers.ed25519(table.needed("header"), template, clock), template, timed=clock is not None
    )


def _signing(verify: Verify, template: Template, *, timed: bool) -> Proof:
    return Proof(
        verify, signs=True, timed=timed, covers_url=template.covers_query, needs_url=template.needs_url
    )


def _jwt(table: Table, _read: Reader) -> Proof:
    where = table.word("where", {"header": "header", "body": "body"}, "header")
    in_header = where == "header"
    name = table.text("header", "Authorization") or ""
    prefix = table.text("prefix", "Bearer " if name.casefold() == "authorization" else "") or ""
    demands = Demands(
        _algorithms(table),
        _tolerance(table),
        table.text("issuer"),
        table.text("body_hash"),
        table.text("url_hash"),
        timed=in_header,
    )
    return Proof(
        verifiers.token(name if in_header else "", prefix, demands),
        signs=True,
        timed=in_header,
        covers_url=demands.url_hash is not None,
        needs_url=demands.url_hash is not None,
    )


def _algorithms(table: Table) -> tuple[str, ...]:
    listed = table.texts("algorithms") or ("HS256",)
    if not all(one in SHARED or one in PUBLIC for one in listed):
        table.fault("algorithms", f"is a list of {', '.join((*SHARED, *PUBLIC))}")
        return ()
    if any(one in SHARED for one in listed) and any(one in PUBLIC for one in listed):
        table.fault(
            "algorithms", "has secrets and public keys together, so that one could be taken for the other"
        )
    return listed


def _header_token(table: Table, _read: Reader) -> Proof:
    return Proof(verifiers.header_token(table.needed("name"), table.text("prefix", "") or ""))


def _query_token(table: Table, _read: Reader) -> Proof:
    return Proof(verifiers.query_token(table.needed("name")))


def _body_token(table: Table, read: Reader) -> Proof:
    place = read_value(table, "secrets")
    return Proof(verifiers.body_token(place, read) if place else verifiers.path_token)


def _ip_allow(table: Table, _read: Reader) -> Proof:
    networks: list[Network] = []
    for written in table.texts("networks"):
        try:
            networks.append(ip_network(written))
        except ValueError:
            table.fault("networks", "is a list of networks such as 192.0.2.0/24")
    if "networks" not in table:
        table.fault("networks", "is needed here")
    return Proof(verifiers.addresses(table.needed("header"), tuple(networks)), proves=False)


PROOFS: Final[Mapping[str, Callable[[Table, Reader], Proof]]] = {
    "path_token": lambda _table, _read: Proof(verifiers.path_token),
    "header_token": _header_token,
    "query_token": _query_token,
    "body_token": _body_token,
    "basic": lambda _table, _read: Proof(verifiers.basic),
    "hmac": _hmac,
    "kv_hmac": _kv_hmac,
    "ed25519": _ed25519,
    "jwt": _jwt,
    "standard_webhooks": lambda _table, _read: Proof(
        _verify_of(STANDARD_WEBHOOKS.verify), signs=True, timed=True
    ),
    "twilio": lambda _table, _read: Proof(
        _verify_of(TWILIO.verify), signs=True, covers_url=True, needs_url=True
    ),
    "plivo": lambda _table, _read: Proof(
        _verify_of(PLIVO.verify), signs=True, covers_url=True, needs_url=True
    ),
    "ip_allow": _ip_allow,
}


def _verify_of(verify: Verify | None) -> Verify:
    """Give the verifier of a dialect that signs."""
    return verify or verifiers.path_token
