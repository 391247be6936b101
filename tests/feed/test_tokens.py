"""Agent tokens: what they say, and that nobody else can make one."""

import base64
import json
from typing import Any, Final

import jwt
import msgspec
import pytest

from cti_lookup.errors import BadToken, TokenExpired
from cti_lookup.feed.agents import Role, agent_key, queue_key
from cti_lookup.feed.tokens import AgentTokens, Grant, token_key
from tests.conftest import SettableClock

KEY: Final = token_key(b"a secret of the service")
GRANT: Final = Grant(subject="u-17", agents=("1001", "Ada@Desk.example"), queues=("Support",))


@pytest.fixture
def tokens(clock: SettableClock) -> AgentTokens:
    return AgentTokens(KEY, clock)


def signed(claims: dict[str, Any], key: bytes = KEY, typ: str = "cti-agent+jwt") -> str:
    """Sign claims as a library does, with a header in the order that this service writes."""
    return jwt.encode(claims, key, headers={"typ": typ}, sort_headers=True)


def test_a_token_says_whose_calls_it_shows(tokens: AgentTokens) -> None:
    agent = tokens.read(tokens.mint(GRANT).token)

    assert agent.keys == {agent_key("1001"), agent_key("ada@desk.EXAMPLE"), queue_key("support")}
    assert (agent.subject, agent.role, agent.sources, agent.origins) == ("u-17", Role.AGENT, None, None)
    assert agent.expires_at == agent.issued_at + 900


def test_a_library_reads_our_tokens_and_we_read_its(tokens: AgentTokens, clock: SettableClock) -> None:
    minted = tokens.mint(GRANT)
    claims = jwt.decode(
        minted.token, KEY, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
    )

    assert jwt.get_unverified_header(minted.token) == {"alg": "HS256", "typ": "cti-agent+jwt"}
    assert (claims["iss"], claims["sub"], claims["jti"]) == ("cti-lookup", "u-17", minted.id)
    assert tokens.read(signed(claims)).id == minted.id
    clock.pass_by(899.9)
    assert tokens.read(signed(claims))


def test_it_ends_when_it_says(tokens: AgentTokens, clock: SettableClock) -> None:
    token = tokens.mint(GRANT).token
    clock.pass_by(900)

    with pytest.raises(TokenExpired):
        tokens.read(token)


def test_while_the_secret_is_changed_replicas_read_each_other_s_tokens_and_later_no_more(
    clock: SettableClock,
) -> None:
    new_key = token_key(b"the next secret of the service")
    old = AgentTokens(KEY, clock, other=new_key)
    new = AgentTokens(new_key, clock, other=KEY)

    for made_by, read_by in ((old, new), (new, old)):
        minted = made_by.mint(GRANT)
        assert read_by.read(minted.token).id == minted.id
    with pytest.raises(BadToken):
        AgentTokens(new_key, clock).read(old.mint(GRANT).token)


def flipped(text: str, place: int) -> str:
    return f"{text[:place]}{'A' if text[place] != 'A' else 'B'}{text[place + 1 :]}"


def test_no_changed_letter_goes_unnoticed(tokens: AgentTokens) -> None:
    token = tokens.mint(GRANT).token
    for place in range(len(token)):
        with pytest.raises(BadToken):
            tokens.read(flipped(token, place))


def claims_of(tokens: AgentTokens) -> dict[str, Any]:
    told: dict[str, Any] = jwt.decode(tokens.mint(GRANT).token, options={"verify_signature": False})
    return told


def header_of(algorithm: str) -> str:
    header = json.dumps({"alg": algorithm, "typ": "cti-agent+jwt"}, separators=(",", ":"))
    return base64.urlsafe_b64encode(header.encode()).decode().rstrip("=")


def test_tokens_of_another_secret_algorithm_or_kind_are_none(tokens: AgentTokens) -> None:
    claims = claims_of(tokens)
    rest = tokens.mint(GRANT).token.partition(".")[2]
    others = [
        signed(claims, token_key(b"another secret of another service")),
        signed(claims, typ="JWT"),
        f"{header_of('HS512')}.{rest}",
        f"{header_of('none')}.{rest.partition('.')[0]}.",
    ]
    for other in others:
        with pytest.raises(BadToken):
            tokens.read(other)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"role": "admin"},
        {"agents": "1001"},
        {"exp": "never"},
        {"jti": None},
        {"iat": 1_795_291_200 + 3600},
    ],
)
def test_what_is_rightly_signed_and_makes_no_sense_is_no_token(
    tokens: AgentTokens, changes: dict[str, Any]
) -> None:
    with pytest.raises(BadToken):
        tokens.read(signed(claims_of(tokens) | changes))


@pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "ключ", "\ud800", "A" * 100_000])
def test_arbitrary_text_is_no_token(tokens: AgentTokens, text: str) -> None:
    begun = tokens.mint(GRANT).token.partition(".")[0]
    for shown in (text, f"{begun}.{text}"):
        with pytest.raises(BadToken):
            tokens.read(shown)


@pytest.mark.parametrize(
    "fields",
    [
        {"agents": []},
        {"agents": ["1"] * 17},
        {"agents": [""]},
        {"subject": "x" * 129},
        {"role": "admin"},
        {"expires_in": 0},
        {"expires_in": 43_201},
        {"origins": []},
        {"unknown": 1},
    ],
)
def test_a_grant_has_its_bounds(fields: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"subject": "u", "agents": ["1"], **fields}, Grant)
