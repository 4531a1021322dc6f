"""Judges samples from standard input, a socket, until it closes; within limits, and offline."""

import os
import resource
import socket
import sys
from random import Random

from sfu.errors import MalformedPacket
from sfu.visibility.samples import Excerpt, Incoming, write
from sfu.visibility.witness.judge import judge
from sfu.visibility.witness.unpacking import unpack

MEMORY = 1 << 30
"""Bytes of address space; the libraries map a third of it."""

CPU_SECONDS = 6
"""Of one sample; who takes longer is ended by SIGXCPU."""

NICE = 5
"""Media goes first."""


def confine() -> None:
    """Give up what decoding does not need; the socket that is open stays."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # no file and no socket can be opened
    os.nice(NICE)


def allow_cpu() -> None:
    """Let the next sample have its seconds, and no more."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime)
    resource.setrlimit(resource.RLIMIT_CPU, (used + 1 + CPU_SECONDS, resource.RLIM_INFINITY))


def main() -> int:
    """Answer each sample with a finding."""
    channel = socket.socket(fileno=os.dup(0))
    random = Random(os.urandom(16))  # noqa: S311 - noise, not keys
    incoming = Incoming(Excerpt)
    confine()
    while data := channel.recv(1 << 16):
        try:
            excerpts = incoming.feed(data)
        except MalformedPacket:
            return 1
        for excerpt in excerpts:
            allow_cpu()
            channel.sendall(write(judge(unpack(excerpt), random)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
