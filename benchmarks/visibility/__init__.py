"""What it costs the server to count what it sees, and to have a witness try."""
