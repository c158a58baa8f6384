"""How the drum transcriber's network and templates were made, end to end, by one command."""
