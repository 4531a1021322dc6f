"""What one participant may do, as plain values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a token grants, or the open development mode to everybody."""

    publish: bool = True
    subscribe: bool = True
    moderate: bool = False
