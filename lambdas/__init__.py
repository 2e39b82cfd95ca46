"""The handlers behind the states of the state machines, one a file."""
