"""End-to-end sealing of frames, as docs/sealing.md says; the server has nothing like it."""
