"""The worst that can be done to the bridge, and what is lost by it.

The quick part runs with the other tests. `python -m tests.faults` does all of it, for as long as is
asked, and prints the README's table.
"""
