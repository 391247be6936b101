"""Bodies of webhooks and policies: whatever JSON holds becomes values and faults, or is refused."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cti_lookup.directory.errors import BadRequestError
from cti_lookup.directory.webhooks.drafts import Draft, policy_draft, webhook_draft

_TEXTS = st.text() | st.sampled_from(
    ["https://a.example/", "http://[", "//", "rs256", "person.update", "a@b"]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_NAMES = st.sampled_from(
    [
        "event", "uri", "name", "description", "disabled", "mail_exceptions_to", "webhook_policy_id",
        "webhook_policy", "source", "sourceID", "openid_connect_discovery", "jwt_alg", "jwt_audience",
        "jwt_claim_expires_in", "secret", "last_error", "public_key_pem",
    ]
)  # fmt: skip


def read(body: dict[str, Any]) -> list[Draft | BadRequestError]:
    made: list[Draft | BadRequestError] = []
    for draft in (webhook_draft, policy_draft):
        for new in (True, False):
            try:
                made.append(draft(body, new=new))
            except BadRequestError as refused:
                made.append(refused)
    return made


@settings(deadline=None)
@given(st.dictionaries(_NAMES, _JSON))
def test_whatever_a_body_holds_it_is_read_or_refused(body: dict[str, Any]) -> None:
    for one in read(body):
        values = {} if isinstance(one, BadRequestError) else one.values
        assert all(value is None or isinstance(value, (str, int)) for value in values.values())


@settings(deadline=None)
@given(st.text(), st.sampled_from(["uri", "mail_exceptions_to", "event", "jwt_alg", "secret"]))
def test_no_fault_repeats_a_value(text: str, name: str) -> None:
    value = f"value-{text}-value"
    for one in read({name: value}):
        assert value not in (str(one) if isinstance(one, BadRequestError) else repr(one.faults))
