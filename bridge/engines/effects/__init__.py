"""Effect chains: pedalboard's built-in effects, before the separation and on each stem after it."""
