"""What the dashboard asks of the lab and tells it: queries, commands and their models."""
