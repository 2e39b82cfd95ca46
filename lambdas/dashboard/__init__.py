"""The routes of the dashboard's API."""
