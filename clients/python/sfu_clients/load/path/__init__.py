"""The way of each packet: no task, no queue and no decoder between the socket and its counters."""
