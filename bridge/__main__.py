"""`dawbridge`, and `python -m bridge`."""


def main() -> None:
    """Run the command line."""
    from bridge.cli.app import app  # noqa: PLC0415 - importing a module does nothing

    app()


if __name__ == "__main__":
    main()
