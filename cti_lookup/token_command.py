"""The command `token`: a token for an agent's browser."""

import time
from typing import Annotated

import typer

from cti_lookup.errors import SettingsError, WrongField
from cti_lookup.feed.agents import Role
from cti_lookup.feed.tokens import DEFAULT_LIFE, AgentTokens, Grant, token_key
from cti_lookup.messages import shaped
from cti_lookup.settings import load_settings
from cti_lookup.terminal import out

app = typer.Typer()


@app.command()
def token(  # noqa: PLR0913, PLR0917  # what a token says, each an option
    agent: Annotated[
        list[str],
        typer.Option(help="What names the agent in calls: extension, user id, e-mail; may be repeated."),
    ],
    queue: Annotated[list[str] | None, typer.Option(help="A queue whose calls ring the agent.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only calls of this source.")] = None,
    origin: Annotated[list[str] | None, typer.Option(help="Only for pages of this origin.")] = None,
    subject: Annotated[
        str, typer.Option(help="The host's own name for the agent; the first one if not given.")
    ] = "",
    role: Annotated[Role, typer.Option(help="A supervisor sees all calls.")] = Role.AGENT,
    expires_in: Annotated[int, typer.Option(help="Seconds until it ends.")] = DEFAULT_LIFE,
) -> None:
    """Make an agent token and print it; CTI_SECRET is to be the service's."""
    settings = load_settings()
    if settings.secret is None:
        raise SettingsError(
            ("CTI_SECRET: is needed; the service takes only tokens that its own secret made",)
        )
    fields = {
        "subject": subject or agent[0],
        "agents": agent,
        "queues": queue or (),
        "sources": source or None,
        "origins": origin or None,
        "role": role.value,
        "expires_in": expires_in,
    }
    key = token_key(settings.secret.get_secret_value().encode())
    try:
        minted = AgentTokens(key, time.time).mint(shaped(fields, Grant))
    except WrongField as exc:
        raise SettingsError((exc.detail,)) from None
    out.print(minted.token)
