"""The command line of Codec Lab."""
