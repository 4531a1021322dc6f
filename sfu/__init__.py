"""Milkglass: a selective forwarding unit for layered video that tells you what it could see."""

__version__ = "0.1.0"
