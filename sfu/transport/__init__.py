"""Datagrams in and out of one peer, encrypted; knows nothing of layers."""
