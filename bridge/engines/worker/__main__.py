"""`python -m bridge.engines.worker`: started by the daemon, not by hand."""

from bridge.engines.worker.child import main

if __name__ == "__main__":
    main()
