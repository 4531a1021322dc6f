"""Layered streams of real browsers, recorded once and replayed without encoding anything."""
