"""Makes the weights of the built-in separator: ``python -m bridge.training.separator``."""
