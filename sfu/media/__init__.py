"""Forwarding decisions: state machines over wire values, told the time."""
