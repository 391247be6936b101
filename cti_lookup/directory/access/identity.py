"""Who asks, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum

from cti_lookup.directory.errors import ForbiddenError


class Role(StrEnum):
    """A role of a person in an account (R-Service help; the words of NET's PermissionRole)."""

    ACCOUNT_OWNER = "account_owner"
    KEY_CONTACT = "key_contact"
    AUDITOR = "auditor"
    FINANCIAL_MANAGER = "financial_manager"
    SPECIALIST = "specialist"
    SERVICE_DESK_ANALYST = "service_desk_analyst"
    SERVICE_DESK_MANAGER = "service_desk_manager"
    KNOWLEDGE_MANAGER = "knowledge_manager"
    PROBLEM_MANAGER = "problem_manager"
    WORKFLOW_MANAGER = "workflow_manager"
    RELEASE_MANAGER = "release_manager"
    PROJECT_MANAGER = "project_manager"
    SERVICE_LEVEL_MANAGER = "service_level_manager"
    CONFIGURATION_MANAGER = "configuration_manager"
    ACCOUNT_DESIGNER = "account_designer"
    ACCOUNT_ADMINISTRATOR = "account_administrator"
    DIRECTORY_AUDITOR = "directory_auditor"
    DIRECTORY_DESIGNER = "directory_designer"
    DIRECTORY_ADMINISTRATOR = "directory_administrator"


ANY_ROLE = frozenset(Role)
EVERYTHING = frozenset({"*:*"})


@dataclass(frozen=True, slots=True)
class Identity:
    """
    Who asks: a person by a token, and the account the request addresses.

    `accounts` are those whose records are seen: the addressed one, and the directory account behind it. `home` is the account of
    the person; a record of any other account shows its `account`. Scopes are `model:action`, either of which may be `*`; a
    model is the singular of a collection (`person`, `organization`, `webhook`), an action `read`, `create`, `update` or `delete`.
    """

    person_id: int
    home: str
    account: str
    directory_account: str | None = None
    roles: frozenset[Role] = ANY_ROLE
    scopes: frozenset[str] = EVERYTHING

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts whose records are seen, the addressed one first."""
        return (self.account,) if self.directory_account is None else (self.account, self.directory_account)

    def require_scope(self, model: str, action: str) -> None:
        """Raise `ForbiddenError` unless the token may do that to records of a model."""
        if "*:*" in self.scopes:
            return
        wanted = {f"{model}:{action}", f"{model}:*", f"*:{action}"}
        if self.scopes.isdisjoint(wanted):
            raise ForbiddenError

    def require_role(self, *roles: Role) -> None:
        """Raise `ForbiddenError` unless the person has one of the roles."""
        if self.roles.isdisjoint(roles):
            raise ForbiddenError
