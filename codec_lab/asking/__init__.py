"""Questions of people about a campaign, answered from its records."""
