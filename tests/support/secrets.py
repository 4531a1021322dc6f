"""Secrets of sealed rooms, as links have them."""

from sfu_clients.sealing import base64url

SECRET = base64url.encode(bytes(range(16)))
OTHER_SECRET = base64url.encode(bytes(range(1, 17)))
