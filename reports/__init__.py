"""Pages for the public: pure functions from a report to HTML that needs nothing beside it."""
