"""What goes wrong while the image is checked."""


class CheckError(Exception):
    """The image is not as it should be, or cannot be checked here; in one sentence."""
