"""The one exception that a user is meant to read: what happened and where, and what to do next."""


class GeulgamError(Exception):
    """The work failed for a reason the user can act on.

    ``str(error)`` is one line, "what and where"; ``hint`` is the next step, or empty. The command line prints
    both and exits with status 1. Nothing else is raised on purpose by any package.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint
