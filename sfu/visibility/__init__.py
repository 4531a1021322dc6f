"""What the server could see: told by the operator's own counters, tried by a witness."""
