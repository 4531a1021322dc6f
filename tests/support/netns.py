"""Network namespaces: other machines, on this one."""

import itertools
import os
import shutil
import subprocess
from typing import Final

IP: Final = shutil.which("ip", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") or "ip"

_numbers = itertools.count()


def run(*arguments: str) -> None:
    """Run `ip` with these arguments; CalledProcessError if it refuses."""
    subprocess.run([IP, *arguments], check=True, capture_output=True)  # noqa: S603


def why_not() -> str | None:
    """Why no namespace can be made here, in a sentence; None if it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    name = f"probe{os.getpid()}"
    try:
        run("netns", "add", name)
        run("netns", "del", name)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"this machine makes no network namespaces ({error})"
    return None


class Namespace:
    """Another machine at the end of a cable; `host` is our address on that cable."""

    def __init__(self) -> None:
        number = next(_numbers)
        self.name = f"mg{os.getpid()}-{number}"
        self._cable = f"mg{os.getpid()}.{number}"  # interface names have 15 characters at most
        self._network = f"10.{200 + number % 50}.{os.getpid() % 250}"
        self.host, self.address = f"{self._network}.1", f"{self._network}.2"
        run("netns", "add", self.name)
        try:
            self._connect()
        except BaseException:
            self.remove()
            raise

    def _connect(self) -> None:
        run("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        # An address of IPv6 that comes by itself a second later would be a change of network, at
        # which Chromium gives up what it is loading.
        run("link", "set", self._cable, "addrgenmode", "none")
        self._inside("link", "set", "eth0", "addrgenmode", "none")
        run("address", "add", f"{self.host}/24", "dev", self._cable)
        run("link", "set", self._cable, "up")
        self._inside("link", "set", "lo", "up")
        self._inside("address", "add", f"{self.address}/24", "dev", "eth0")
        self.plug_in()

    def _inside(self, *arguments: str) -> None:
        run("-n", self.name, *arguments)

    def command(self, *command: str) -> tuple[str, ...]:
        """The same command, to be run over there."""
        return (IP, "netns", "exec", self.name, *command)

    def block_udp(self) -> None:
        """Let no UDP out, as some offices do."""
        self._inside("rule", "add", "ipproto", "udp", "blackhole", "priority", "10")

    def unplug(self) -> None:
        """Cut the cable: their interface goes down and routes are lost."""
        self._inside("link", "set", "eth0", "down")

    def plug_in(self) -> None:
        """Connect the cable again."""
        self._inside("link", "set", "eth0", "up")
        self._inside("route", "replace", "default", "via", self.host)

    def move(self) -> None:
        """Give them another address, so every port of theirs changes too."""
        old, self.address = self.address, f"{self._network}.3"
        self._inside("address", "del", f"{old}/24", "dev", "eth0")
        self._inside("address", "add", f"{self.address}/24", "dev", "eth0")
        self.plug_in()

    def remove(self) -> None:
        """Take it all away again; the cable goes with the namespace."""
        run("netns", "del", self.name)
