"""
What can go wrong, as one tree.

::

    DirectoryError
    ├── DirectoryStoreError        the database cannot be opened, read or written
    ├── DirectoryListenError       the address to listen on is not to be had
    └── RequestError               the answer to a request is an error; `status` says which
        ├── BadRequestError        400
        │   ├── InvalidCursorError
        │   └── InvalidJsonError
        ├── UnauthorizedError      401
        ├── NotFoundError          404
        ├── RequestTimeoutError    408
        └── ValidationError        422, with every fault of the body
"""

Fault = tuple[str, str]
"""A field, and what is wrong with its value."""


class DirectoryError(Exception):
    """Base of all errors the directory raises; its text never holds anything about a person."""


class DirectoryStoreError(DirectoryError):
    """The database cannot be opened, read or written."""


class DirectoryListenError(DirectoryError):
    """The server cannot listen on the address it was given."""


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
