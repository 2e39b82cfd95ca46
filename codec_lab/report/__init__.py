"""What the public may read of a campaign."""
