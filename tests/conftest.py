"""What every test runs under."""

from hypothesis import settings

# The same examples every time and no clock: a machine's load decides nothing.
settings.load_profile("ci")
