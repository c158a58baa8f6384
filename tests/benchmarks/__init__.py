"""What is measured rather than tested: `python -m tests.benchmarks` runs all, `--quick` a part."""
