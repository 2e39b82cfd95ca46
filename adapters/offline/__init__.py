"""The mind that needs no key and no network: a seeded search over declared parameters."""
