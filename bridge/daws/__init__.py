"""Putting scripts into DAWs: where each keeps them, what is written there, and how it goes away."""
