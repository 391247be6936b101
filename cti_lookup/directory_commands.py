"""The commands `directory …`: the embedded directory as a server of its own, and what an administrator does to its file."""

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table
from typer.core import TyperGroup

from cti_lookup.directory import Administration, DirectoryError, Grant, administer, run_directory
from cti_lookup.directory_import_commands import add_commands
from cti_lookup.errors import NotOpened
from cti_lookup.terminal import cell, err, out, show_table

DEFAULT_FILE: Final = Path("cti-directory.sqlite3")

_PERIOD: Final = re.compile(r"([1-9][0-9]{0,4})([hd])")
_HOURS: Final = {"h": 1, "d": 24}


class _Commands(TyperGroup):
    """Commands whose errors are told in the words of the service."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command. Raises `NotOpened`."""
        try:
            return super().invoke(ctx)
        except DirectoryError as error:
            raise NotOpened(str(error)) from error


app = typer.Typer(cls=_Commands, help="The embedded directory: run it alone, or administer its file.")
token_app = typer.Typer(no_args_is_help=True, help="Tokens of people: make, list, revoke.")
application_app = typer.Typer(no_args_is_help=True, help="OAuth 2 clients: register, list, revoke.")
account_app = typer.Typer(no_args_is_help=True, help="Accounts that requests can address.")
app.add_typer(token_app, name="token")
app.add_typer(application_app, name="application")
app.add_typer(account_app, name="account")
add_commands(app)

File = Annotated[Path, typer.Option("--db", help="The directory's file.")]
Person = Annotated[str, typer.Option("--person", help="The person's id or e-mail address.")]
Roles = Annotated[
    list[str] | None,
    typer.Option(
        "--role", help="A role, granted to the person too; several may be given. Else: those the person has."
    ),
]
Scopes = Annotated[
    list[str] | None,
    typer.Option(
        "--scope", help="As person:Read, person:R or *:*; several may be given. Else: reading, *:Read."
    ),
]
GrantedIn = Annotated[
    str | None, typer.Option("--account", help="Where roles are granted; else in the person's own account.")
]


@app.callback(invoke_without_command=True)
def serve(  # noqa: PLR0913, PLR0917 - one for each option
    context: typer.Context,
    db: Annotated[Path, typer.Option(help="The directory's file, made if it is not there.")] = DEFAULT_FILE,
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 means any free port.")] = 8081,
    token: Annotated[
        str,
        typer.Option(
            envvar="CTI_DIRECTORY_TOKEN", help="The token clients show; made up and printed if not given."
        ),
    ] = "",
    samples: Annotated[bool, typer.Option(help="Fill an empty directory with sample people.")] = False,
    account: Annotated[str | None, typer.Option(help="The id of a new file's account; else widget.")] = None,
    account_name: Annotated[str | None, typer.Option(help="The name of a new file's account.")] = None,
    limits: Annotated[
        bool, typer.Option(help="Refuse more than 20 requests in 2 seconds and 3,600 an hour.")
    ] = False,
    public_url: Annotated[
        str, typer.Option(help="Where receivers of webhooks reach the directory; else where it listens.")
    ] = "",
) -> None:
    """Run the embedded directory alone, as a server of its own; or, with a command, administer its file."""
    if context.invoked_subcommand is not None:
        _refuse_options_of_the_server(context)
        return
    if not token:
        token = secrets.token_urlsafe(24)
        out.print(f"The token is {token}")
    run_directory(
        database=db,
        host=host,
        port=port,
        token=token,
        samples=samples,
        account=account,
        account_name=account_name,
        limits=limits,
        public_url=public_url,
    )


def _refuse_options_of_the_server(context: typer.Context) -> None:
    """Refuse options before a command: they would be ignored, and another file administered than was named."""
    for name in context.params:
        if _is_given(context, name):
            option = f"--{name.replace('_', '-')}"
            raise typer.BadParameter(f"{option} is the server's; give options after the command", context)


def _is_given(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


@token_app.command("create")
def create_token(  # noqa: PLR0913, PLR0917 - one for each option
    person: Person,
    role: Roles = None,
    scope: Scopes = None,
    name: Annotated[str, typer.Option(help="What the token is for.")] = "token",
    expires: Annotated[
        str, typer.Option(help="A date, a time such as 2027-01-31T12:00Z, or a period: 12h, 90d.")
    ] = "",
    account: GrantedIn = None,
    db: File = DEFAULT_FILE,
) -> None:
    """Make a token for a person and print it, this once."""
    ends = _end_of(expires, datetime.now(UTC)) if expires else None
    grant = Grant(person, name, tuple(role or ()), tuple(scope or ()), account, ends)
    with _file(db) as file:
        issued = file.create_token(grant)
    out.print(issued.secret)
    err.print(f"This is token {issued.id}. It is not shown again.")


def _end_of(text: str, now: datetime) -> datetime:
    period = _PERIOD.fullmatch(text)
    if period is not None:
        return now + timedelta(hours=int(period[1]) * _HOURS[period[2]])
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            "write a date, a time such as 2027-01-31T12:00Z, or a period: 12h, 90d"
        ) from None
    return end.astimezone(UTC) if end.tzinfo else end.replace(tzinfo=UTC)


@token_app.command("list")
def list_tokens(db: File = DEFAULT_FILE) -> None:
    """List the tokens; none can be read again."""
    table = Table("id", "name", "person", "roles", "scopes", "created", "expires", "revoked", box=None)
    with _file(db) as file:
        for one in file.tokens():
            rights = _line(one.roles), _line(one.scopes)
            _add_row(
                table,
                one.id,
                one.name,
                one.person_id,
                *rights,
                one.created_at,
                one.expires_at,
                one.revoked_at,
            )
    show_table(table)


@token_app.command("revoke")
def revoke_token(
    token_id: Annotated[int, typer.Argument(metavar="ID", help="As the list shows it.")],
    db: File = DEFAULT_FILE,
) -> None:
    """Revoke a token; a running directory refuses it at once."""
    with _file(db) as file:
        file.revoke_token(token_id)
    out.print(f"Token {token_id} is revoked.")


@application_app.command("create")
def create_application(  # noqa: PLR0913, PLR0917 - one for each option
    person: Person,
    role: Roles = None,
    scope: Scopes = None,
    name: Annotated[str, typer.Option(help="What the application is.")] = "application",
    account: GrantedIn = None,
    db: File = DEFAULT_FILE,
) -> None:
    """Register an OAuth 2 client that acts for a person; print its id and, this once, its secret."""
    with _file(db) as file:
        made = file.create_application(Grant(person, name, tuple(role or ()), tuple(scope or ()), account))
    out.print(f"client_id={made.client_id}")
    out.print(f"client_secret={made.secret}")
    err.print(f"This is application {made.id}. The secret is not shown again.")


@application_app.command("list")
def list_applications(db: File = DEFAULT_FILE) -> None:
    """List the OAuth 2 clients."""
    table = Table("id", "name", "client id", "person", "roles", "scopes", "created", "revoked", box=None)
    with _file(db) as file:
        for one in file.applications():
            rights = _line(one.roles), _line(one.scopes)
            _add_row(
                table,
                one.id,
                one.name,
                one.client_id,
                one.person_id,
                *rights,
                one.created_at,
                one.revoked_at,
            )
    show_table(table)


@application_app.command("revoke")
def revoke_application(
    application_id: Annotated[int, typer.Argument(metavar="ID", help="As the list shows it.")],
    db: File = DEFAULT_FILE,
) -> None:
    """Revoke an OAuth 2 client and its tokens; a running directory refuses them at once."""
    with _file(db) as file:
        file.revoke_application(application_id)
    out.print(f"Application {application_id} is revoked.")


@account_app.command("create")
def create_account(
    account: Annotated[str, typer.Argument(metavar="ID", help="As clients write it in the account header.")],
    name: Annotated[str, typer.Option(help="Its name; else its id.")] = "",
    directory_of: Annotated[
        str | None, typer.Option(help="The account whose directory account it becomes.")
    ] = None,
    db: File = DEFAULT_FILE,
) -> None:
    """Add an account."""
    with _file(db) as file:
        made = file.create_account(account, name or account, directory_of)
    out.print(f"The account {made.id} is made.")


@account_app.command("list")
def list_accounts(db: File = DEFAULT_FILE) -> None:
    """List the accounts, the file's own first."""
    table = Table("id", "name", "directory account", box=None)
    with _file(db) as file:
        for one in file.accounts():
            _add_row(table, one.id, one.name, one.directory_id)
    show_table(table)


@contextmanager
def _file(db: Path) -> Iterator[Administration]:
    with administer(db, lambda: datetime.now(UTC)) as file:
        yield file


def _line(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _add_row(table: Table, *values: str | int | None) -> None:
    table.add_row(*(cell("" if value is None else str(value)) for value in values))
