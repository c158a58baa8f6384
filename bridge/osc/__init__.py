"""The OSC edge: the contract as a table, bytes to values, and the only sockets."""
