"""How a client behaves in a room of each mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu_clients.errors import ClientError
from sfu_clients.sealing.mls.devices import Device
from sfu_clients.sealing.room import SealedRoom
from sfu_clients.sealing.session import (
    GROUP_MODE,
    SEALED_MODE,
    ClearSession,
    SealedSession,
    Session,
)

if TYPE_CHECKING:
    from sfu.keylog import KeyLog
    from sfu.signalling.messages import Mode
    from sfu_clients.roster import Roster


def session_for(  # noqa: PLR0913 - by name: how one joins
    *,
    mode: Mode | None,
    secret: str | None,
    device: Device | None,
    room: str,
    name: str,
    roster: Roster,
    consents_to: str | None,
    keylog: KeyLog | None,
) -> Session:
    """Without a mode, the secret decides; raises ClientError for what does not fit together."""
    mode = mode or ("hop" if secret is None else SEALED_MODE)
    if (secret is None) != (mode == "hop"):
        raise ClientError(f"The mode {mode} {'needs a' if secret is None else 'has no'} secret.")
    if secret is None:
        return ClearSession()
    if mode == SEALED_MODE:
        return SealedSession(
            SealedRoom(secret, room, name, keylog), roster, consents_to=consents_to
        )
    assert mode == GROUP_MODE
    # V8 is for those who need it.
    from sfu_clients.sealing.mls.session import GroupSession  # noqa: PLC0415

    return GroupSession(
        secret=secret,
        room=room,
        name=name,
        device=device or Device.new(),
        roster=roster,
        consents_to=consents_to,
        keylog=keylog,
    )
