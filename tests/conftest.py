"""What every test run shares: how long random inputs are tried."""

from hypothesis import settings

settings.register_profile("default", deadline=None)  # a busy machine is no bug of ours
settings.register_profile("long", deadline=None, max_examples=3000)
settings.load_profile("default")
