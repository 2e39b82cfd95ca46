"""The domain of Codec Lab: models, rules and ports, free of cloud and video libraries."""
