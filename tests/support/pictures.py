"""What stands on a screen, small enough to compare."""

import io

import av

WIDTH, HEIGHT = 64, 36


def thumbnail(png: bytes) -> bytes:
    """The middle of a screenshot as 24-bit RGB: the edges may have words that change."""
    with av.open(io.BytesIO(png), "r") as container:
        frame = next(container.decode(video=0))
    small = frame.reformat(2 * WIDTH, 2 * HEIGHT, "rgb24")
    plane = small.planes[0]
    rows = bytes(plane)
    left = 3 * WIDTH // 2
    return b"".join(
        rows[y * plane.line_size + left : y * plane.line_size + left + 3 * WIDTH]
        for y in range(HEIGHT // 2, HEIGHT // 2 + HEIGHT)
    )


def difference(one: bytes, other: bytes) -> float:
    """How far two thumbnails are apart, 0 to 255 on average."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)
