"""What a client hides from whoever sees its packets and cannot open them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Concealment:
    """Each can be asked for by itself; docs/security.md says what it costs, and what it leaves."""

    constant_rate: bool = False
    """Opus spends as much on silence as on speech (RFC 6562 section 5)."""
    hide_level: bool = False
    """Loudness (RFC 6464) is neither offered nor sent: nobody is found to be the active speaker."""
    padding: bool = False
    """Frames are made longer before they are sealed, so that few sizes remain."""


NOTHING_HIDDEN: Final = Concealment()
