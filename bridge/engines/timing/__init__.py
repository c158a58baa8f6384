"""What can be heard of a recording's time and key: tempo, beats, bars, drift, key."""
