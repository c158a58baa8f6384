"""The command line: the only place that prints or exits.

Exit status: 0 done, 1 failed (the sentence on standard error says why), 2 wrong usage, 3 the daemon
cannot be reached or started, 130 cancelled.
"""

DONE = 0
FAILED = 1
NO_DAEMON = 3
CANCELLED = 130
