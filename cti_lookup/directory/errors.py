"""
What can go wrong, as one tree.

::

    DirectoryError
    ├── DirectoryStoreError        the database cannot be opened, read or written
    ├── DirectoryListenError       the address to listen on is not to be had
    ├── UnusableValueError         what was said on the command line cannot be done
    └── RequestError               the answer to a request is an error; `status` says which
        ├── BadRequestError        400
        │   ├── InvalidCursorError
        │   └── InvalidJsonError
        ├── UnauthorizedError      401
        ├── ForbiddenError         403
        ├── NotFoundError          404
        ├── RequestTimeoutError    408
        ├── ValidationError        422, with every fault of the body
        └── TooManyRequestsError   429, with the seconds to wait
"""

Fault = tuple[str, str]
"""A field, and what is wrong with its value."""


class DirectoryError(Exception):
    """Base of all errors the directory raises; its text never holds anything about a person."""


class DirectoryStoreError(DirectoryError):
    """The database cannot be opened, read or written."""


class DirectoryListenError(DirectoryError):
    """The server cannot listen on the address it was given."""


class UnusableValueError(DirectoryError):
    """A value given on the command line cannot be used; the text says why."""


class RequestError(DirectoryError):
    """A request cannot be served; the text is the answer's `message`."""

    status = 500


class BadRequestError(RequestError):
    """The request itself is not understood."""

    status = 400


class InvalidCursorError(BadRequestError):
    """The place in a collection from which to read on is none we gave."""

    def __init__(self) -> None:
        super().__init__("Invalid cursor")


class InvalidJsonError(BadRequestError):
    """The body is no JSON object."""

    def __init__(self) -> None:
        super().__init__("Invalid JSON string posted")


class UnauthorizedError(RequestError):
    """The request carries no token, or a wrong one."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Unauthorized")


class ForbiddenError(RequestError):
    """The token is known, and may not do this."""

    status = 403

    def __init__(self) -> None:
        super().__init__("Forbidden")


class NotFoundError(RequestError):
    """There is no such record, or no such path."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Not Found")


class RequestTimeoutError(RequestError):
    """The body did not arrive in time."""

    status = 408

    def __init__(self) -> None:
        super().__init__("Request Timeout")


class ValidationError(RequestError):
    """The body was understood, and some of its values are not acceptable."""

    status = 422

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("Validation Failed")
        self.faults = faults


class TooManyRequestsError(RequestError):
    """The token has used up what it may ask; `retry_after` is in whole seconds."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__("Too Many Requests")
        self.retry_after = retry_after
