"""Seed codecs: the sources from which the search for better codecs starts."""
