"""Building blocks of modern video coding, which candidate codecs import one by one.

Every module is one idea and can be read alone; ``docs/toolbox.md`` is the map. Nothing is
imported here, so that a codec pays only for the blocks it uses.
"""
