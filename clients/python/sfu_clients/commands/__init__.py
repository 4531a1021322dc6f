"""The commands of `sfu-client`: each module adds one."""
