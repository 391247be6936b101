"""
The template that a 3CX administrator uploads, so that 3CX asks us and tells us.

Facts: 3CX, "CRM Integration Wizard & Template Guide"; public templates for 3CX. `Prefix="Plus"` makes E.164
of numbers as far as 3CX knows how; its `+` reaches us as a blank, which is read as one. The scenario without
id is the question for contacts, `ReportCall` the journal. A parameter is asked for when the template is set
up: the key is one, and goes in a header; it stands in no file and no URL. `Passes` is how often a value is
looked through for variables.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, SubElement, indent, tostring

_LONGEST_NUMBER: Final = "20"
_VARIABLES: Final[Mapping[str, str]] = {
    "ContactID": "id",
    "FirstName": "first_name",
    "LastName": "last_name",
    "CompanyName": "company",
    "Email": "email",
    "PhoneBusiness": "phone_business",
    "PhoneMobile": "phone_mobile",
    "PhoneHome": "phone_home",
    "PhoneOther": "phone_other",
    "ContactUrl": "url",
    "PhotoUrl": "photo_url",
}
_OUTPUTS: Final[Mapping[str, str]] = {
    **{name: f"[{name}]" for name in _VARIABLES},
    "EntityId": "[ContactID]",
    "EntityType": "People",
}
_JOURNAL: Final[Mapping[str, str]] = {
    "call_type": "[CallType]",
    "number": "[Number]",
    "agent": "[Agent]",
    "agent_email": "[AgentEmail]",
    "duration": "[Duration]",
    "started_at_utc": '[[CallStartTimeUTC].ToString("yyyy-MM-ddTHH:mm:ssZ")]',
    "queue": "[QueueExtension]",
    "entity_id": "[EntityId]",
}


def template(base: str, *, country: str = "US", query: Mapping[str, str] | None = None) -> bytes:
    """
    Write the template.

    `base` is our public URL without a slash at its end; `country` an ISO 3166 code; `query` goes with each
    request, to say which source or region it is for.
    """
    crm = Element("Crm", Country=country, Name="cti-lookup", Version="1", SupportsEmojis="true")
    SubElement(crm, "Number", Prefix="Plus", MaxLength=_LONGEST_NUMBER)
    SubElement(crm, "Connection", MaxConcurrentRequests="16")
    _add_parameters(crm)
    SubElement(crm, "Authentication", Type="No")
    scenarios = SubElement(crm, "Scenarios")
    asked = "&".join(filter(None, (urlencode(query or {}), "number=[Number]")))
    _add_lookup(scenarios, f"{base}/v1/3cx/lookup?{asked}")
    told = "?".join(filter(None, (f"{base}/v1/3cx/journal", urlencode(query or {}))))
    _add_journal(scenarios, told)
    indent(crm)
    written: bytes = tostring(crm, encoding="utf-8", xml_declaration=True)
    return written


def _add_parameters(crm: Element) -> None:
    parameters = SubElement(crm, "Parameters")
    _add(parameters, "Parameter", Name="ApiKey", Type="Password", Editor="String", Title="Key:", Default="")
    _add(
        parameters,
        "Parameter",
        Name="ReportCallEnabled",
        Type="Boolean",
        Editor="String",
        Title="Tell of calls when they are over",
        Default="True",
    )


def _add_lookup(scenarios: Element, url: str) -> None:
    scenario = _add(scenarios, "Scenario", Id="", Type="REST")
    request = _add(
        scenario,
        "Request",
        Url=url,
        MessagePasses="0",
        RequestEncoding="UrlEncoded",
        RequestType="Get",
        ResponseType="Json",
    )
    _add_key(request)
    rules = SubElement(scenario, "Rules")
    _add(rules, "Rule", Type="Any").text = "contacts.id"
    variables = SubElement(scenario, "Variables")
    for name, field in _VARIABLES.items():
        SubElement(_add(variables, "Variable", Name=name, Path=f"contacts.{field}"), "Filter")
    outputs = _add(scenario, "Outputs", AllowEmpty="false")
    for name, value in _OUTPUTS.items():
        _add(outputs, "Output", Type=name, Passes="0", Value=value)


def _add_journal(scenarios: Element, url: str) -> None:
    scenario = _add(scenarios, "Scenario", Id="ReportCall", Type="REST")
    request = _add(
        scenario,
        "Request",
        SkipIf="[ReportCallEnabled]!=True",
        Url=url,
        MessagePasses="0",
        RequestContentType="application/json",
        RequestEncoding="Json",
        RequestType="Post",
        ResponseType="Json",
    )
    _add_key(request)
    values = SubElement(request, "PostValues")
    for name, value in _JOURNAL.items():
        _add(values, "Value", Key=name, Passes="1", Type="String").text = value
    SubElement(scenario, "Variables")
    _add(scenario, "Outputs", AllowEmpty="true")


def _add_key(request: Element) -> None:
    headers = SubElement(request, "Headers")
    _add(headers, "Value", Key="X-API-Key", Passes="1", Type="String").text = "[ApiKey]"


def _add(parent: Element, tag: str, **attributes: str) -> Element:
    return SubElement(parent, tag, attributes)
