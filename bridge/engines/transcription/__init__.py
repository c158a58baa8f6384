"""Notes from audio: a network for pitched stems, frequency bands for drums."""
