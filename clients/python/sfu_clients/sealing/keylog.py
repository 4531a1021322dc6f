"""The keys of sealed frames in a key log, and what opens frames again with them."""

from typing import Final

from sfu.keylog import KeyLog
from sfu_clients.sealing.frames import MLS_KIDS, PASSPHRASE_KIDS, KidLayout, Sender

LAYOUTS: Final[dict[str, KidLayout]] = {
    "e2ee-passphrase": PASSPHRASE_KIDS,
    "e2ee-mls": MLS_KIDS,
}
CONTEXT_BYTES: Final = 16
MAX_BASE_KEY_BYTES: Final = 64
_MAX_EPOCH: Final = 1 << 64


def write_frame_keys(log: KeyLog, mode: str, sender: Sender) -> None:
    """One line: whose frames, in which epoch and room, and the base key of all their streams."""
    numbers = f"{sender.ident:08x}", str(sender.epoch)
    log.write("frames", mode, *numbers, sender.context.hex(), sender.base_key.hex())


def read_frame_keys(words: list[str]) -> Sender:
    """What follows `frames` in a line; raises ValueError."""
    mode, ident, epoch, context, base_key = words
    if mode not in LAYOUTS:
        raise ValueError(f"the mode {mode!r} is unknown")
    kids = LAYOUTS[mode]
    sender = Sender(
        bytes.fromhex(base_key), int(ident, 16), bytes.fromhex(context), int(epoch), kids
    )
    fits = len(sender.context) == CONTEXT_BYTES and 0 < len(sender.base_key) <= MAX_BASE_KEY_BYTES
    if not fits or not 0 <= sender.ident < 1 << kids.sender or not 0 <= sender.epoch < _MAX_EPOCH:
        raise ValueError("a number or a key is out of its bounds")
    return sender
