"""From what a codec or a descriptor says about a frame to its tag: a reader for each way."""
