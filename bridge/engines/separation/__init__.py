"""Separation of a mix into stems: models, where they come from, and how they are run."""
