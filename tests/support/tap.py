"""A page's WebSocket, tapped: what it says, and what a malicious server could say to it."""

from tests.support.page import Page

_LISTEN = """
const { send } = WebSocket.prototype;
window.tapped = { sent: [], socket: null };
WebSocket.prototype.send = function (text) {
  tapped.sent.push(text);
  tapped.socket = this;
  return send.call(this, text);
};
"""

_REWRITE = """
const [from, to] = arguments;
const property = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
Object.defineProperty(WebSocket.prototype, "onmessage", {
  ...property,
  set(listener) {
    const rewritten = (event) => listener({ data: event.data.replaceAll(from, to) });
    property.set.call(this, listener && rewritten);
  },
});
"""


def listen(page: Page) -> None:
    """Keep what the page says from now on."""
    page.run(_LISTEN)


def sent(page: Page) -> list[str]:
    """What the page has said since `listen`."""
    texts: list[str] = page.run("return tapped.sent")
    return texts


def cut(page: Page) -> None:
    """End the socket, as a bad network does."""
    page.run("tapped.socket.onclose(); tapped.socket.close()")


def rewrite(page: Page, old: str, new: str) -> None:
    """Let a malicious server say `new` for `old`, over sockets that are opened from now on."""
    page.run(_REWRITE, old, new)
