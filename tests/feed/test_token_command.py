"""`cti-lookup token` makes what the service takes."""

import time
from pathlib import Path

import pytest

from cti_lookup.feed.agents import keys_of
from cti_lookup.feed.tokens import AgentTokens, token_key
from tests.servers.program import run

pytestmark = pytest.mark.slow

SECRET = "a secret of the service"


def test_it_prints_a_token_and_nothing_else(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        *("token", "--agent", "1001", "--agent", "ada@desk.example", "--queue", "support"),
        *("--expires-in", "60", "--role", "supervisor"),
        variables={"CTI_SECRET": SECRET},
    )
    assert (done.returncode, done.stderr) == (0, "")
    agent = AgentTokens(token_key(SECRET.encode()), time.time).read(done.stdout.strip())
    assert agent.keys == keys_of(["1001", "ada@desk.example"], ["support"])
    assert agent.sees_all
    assert agent.expires_at == agent.issued_at + 60


@pytest.mark.parametrize(
    ("options", "secret"), [(("--agent", "1"), ""), (("--agent", "1", "--expires-in", "99999"), SECRET)]
)
def test_it_says_in_a_sentence_why_it_makes_none(
    tmp_path: Path, options: tuple[str, ...], secret: str
) -> None:
    done = run(tmp_path, "token", *options, variables={"CTI_SECRET": secret} if secret else {})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("✗ ")
    assert "Traceback" not in done.stderr
