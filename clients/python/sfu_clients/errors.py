"""What goes wrong for the user of a client, in one sentence that says what to do."""


class ClientError(Exception):
    """A request that cannot be served: by the server, the network, a file or an option."""


class Unreachable(ClientError):  # noqa: N818 - named for what happened
    """Nobody answers where the server should be."""


class ConnectionEnded(ClientError):  # noqa: N818 - named for what happened
    """The call is over, and not because this side left it."""
