"""Every command, with its flags. What they do lies in the modules beside this one.

Nothing heavy is imported before a command runs, so that `dawbridge --help` is quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge.cli.chains import group as chains_group
from bridge.cli.install import install_group, uninstall_group
from bridge.cli.plugins import group as plugins_group

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Stems and MIDI for the bars you selected: the bridge between your DAW and music models.",
)


def _mounted(group: typer.Typer, name: str) -> typer.Typer:
    app.add_typer(group, name=name)
    return group


chains = _mounted(chains_group, "chains")
plugins = _mounted(plugins_group, "plugins")
install = _mounted(install_group, "install")
uninstall = _mounted(uninstall_group, "uninstall")

Host = Annotated[str | None, typer.Option(help="Address of the daemon.")]
Port = Annotated[int | None, typer.Option(help="UDP and TCP port of the daemon.")]
Data = Annotated[Path | None, typer.Option(help="Folder for jobs and results.")]
Config = Annotated[Path | None, typer.Option(help="Settings file (TOML).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Output = Annotated[Path | None, typer.Option(help="Folder for the results.")]
Format = Annotated[str | None, typer.Option(help="wav16, wav24, wav32f, flac or mp3.")]
Bitrate = Annotated[int | None, typer.Option(help="Of an mp3, kbit/s.")]
Pre = Annotated[str | None, typer.Option(help="Effect chain before.")]
Post = Annotated[str | None, typer.Option(help="Effect chains for the stems.")]
Events = Annotated[Path | None, typer.Option(help="Write the job's events here, one a line.")]


@app.command()
def serve(host: Host = None, port: Port = None, data: Data = None, config: Config = None) -> None:
    """Run the daemon until Ctrl-C. Every flag is also DAWBRIDGE_HOST and so on."""
    from bridge.cli import service

    service.serve(config, host=host, port=port, data=data)


@app.command()
def demo(
    file: Annotated[Path | None, typer.Argument(help="Audio of your own.")] = None,
    recipe: Annotated[str, typer.Option(help="What to do with it.")] = "stems-to-midi",
    output: Output = None,
    config: Config = None,
) -> None:
    """Send a song through the bridge and list what comes back; composes one if none is given."""
    from bridge.cli.demo import demo as run_demo

    run_demo(file, recipe, output, config)


@app.command()
def bench(
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each kind, after the first.")] = 3,
    model: Annotated[str | None, typer.Option(help="Only this separation model.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Measure how quick this machine is, with a daemon of its own on a song of 12 s."""
    from bridge.cli.bench import bench as run_bench

    run_bench(rounds, model, config, as_json=as_json)


@app.command()
def run(  # noqa: PLR0917 - one flag for each option of the contract
    recipe: Annotated[str, typer.Argument(help="A recipe; `dawbridge recipes` lists them.")],
    path: Annotated[
        Path | None, typer.Option(help="Audio file; without it the DAW's selection.")
    ] = None,
    start: Annotated[float | None, typer.Option(help="Where the region begins, s.")] = None,
    length: Annotated[float | None, typer.Option(help="Its length, s; 0 = to the end.")] = None,
    id: Annotated[str | None, typer.Option(help="Name of the job.")] = None,  # noqa: A002
    output: Output = None,
    tempo: Annotated[float | None, typer.Option(help="Quarter notes a minute.")] = None,
    meter: Annotated[str | None, typer.Option(help="Such as 6/8.")] = None,
    position: Annotated[float | None, typer.Option(help="Start on the timeline, s.")] = None,
    track: Annotated[str | None, typer.Option(help="Name of the source track.")] = None,
    rate: Annotated[int | None, typer.Option(help="Sample rate of the results, Hz.")] = None,
    model: Annotated[str | None, typer.Option(help="Separation model, or auto.")] = None,
    stems: Annotated[str | None, typer.Option(help="Such as vocals,drums or vocals+rest.")] = None,
    quality: Annotated[str | None, typer.Option(help="draft, normal or best.")] = None,
    format: Format = None,  # noqa: A002
    bitrate: Bitrate = None,
    residual: Annotated[bool | None, typer.Option(help="Also what the stems leave out.")] = None,
    shifts: Annotated[int | None, typer.Option(help="Passes of Demucs' shift trick.")] = None,
    overlap: Annotated[float | None, typer.Option(help="Of Demucs' windows.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, mps or cuda.")] = None,
    pre: Pre = None,
    post: Post = None,
    transcription: Annotated[str | None, typer.Option(help="Transcription preset.")] = None,
    quantize: Annotated[str | None, typer.Option(help="Note grid, such as 1/16.")] = None,
    quantize_strength: Annotated[
        float | None, typer.Option(help="How far notes go to the grid, 0 to 1.")
    ] = None,
    swing: Annotated[float | None, typer.Option(help="Of the grid, 0 to 1.")] = None,
    bars: Annotated[bool | None, typer.Option(help="Pad clips to whole bars.")] = None,
    mpe: Annotated[bool | None, typer.Option(help="MPE clips: bends in chords.")] = None,
    notes: Annotated[bool | None, typer.Option(help="Also send every note.")] = None,
    reuse: Annotated[bool | None, typer.Option(help="Answer from earlier results.")] = None,
    events: Events = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Run a recipe on a region; starts the daemon if there is none. Ctrl-C cancels the job."""
    from bridge.cli import run as run_command

    given = dict(locals())
    for name in ("run_command", "recipe", "events", "as_json", "config"):
        del given[name]
    run_command.run(recipe, given, events, config, as_json=as_json)


@app.command()
def again(  # noqa: PLR0917 - the flags that matter once the stems are there
    job: Annotated[str | None, typer.Argument(help="Its id; the newest finished without.")] = None,
    pre: Pre = None,
    post: Post = None,
    format: Format = None,  # noqa: A002
    bitrate: Bitrate = None,
    output: Output = None,
    events: Events = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Run a job once more with the knobs as they are now, on stems that are separated already."""
    from bridge.cli import run as run_command

    given = {"pre": pre, "post": post, "format": format, "bitrate": bitrate, "output": output}
    run_command.again(job, given, events, config, as_json=as_json)


@app.command()
def cancel(
    job: Annotated[str | None, typer.Argument(help="Its id; the newest without.")] = None,
    config: Config = None,
) -> None:
    """Cancel a job."""
    from bridge.cli import service

    service.cancel(job, config)


@app.command()
def jobs(
    most: Annotated[int, typer.Option(help="How many.")] = 20,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """List the newest jobs."""
    from bridge.cli import service

    service.jobs(most, config, as_json=as_json)


@app.command()
def status(as_json: AsJson = False, config: Config = None) -> None:
    """Tell how the daemon is."""
    from bridge.cli import service

    service.status(config, as_json=as_json)


@app.command()
def ask(
    address: Annotated[
        str, typer.Argument(help="/bridge/recipes, chains, models, jobs or status.")
    ],
    events: Annotated[
        Path | None, typer.Option(help="Write the answers here too, for a script that reads it.")
    ] = None,
    config: Config = None,
) -> None:
    """Print the daemon's answers to a request as it sends them, one a line, tab-separated."""
    from bridge.cli.ask import ask as ask_daemon

    ask_daemon(address, events, config)


@app.command()
def models(
    fetch: Annotated[str | None, typer.Option(help="Download this model's weights.")] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """List the separation models and whether their weights are here."""
    from bridge.cli import listings

    listings.models(fetch, config, as_json=as_json)


@app.command()
def evaluate(
    folder: Annotated[
        Path, typer.Argument(help="A song's folder (drums.wav, bass.wav, …), or one of several.")
    ],
    model: Annotated[
        list[str] | None, typer.Option(help="A model; may be given again. All here without.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, mps or cuda.")] = "auto",
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Score separation models on songs whose stems are known."""
    from bridge.cli import evaluate as evaluate_command

    evaluate_command.evaluate(folder, model or [], device, config, as_json=as_json)


@app.command(name="evaluate-notes")
def evaluate_notes(
    audio: Annotated[Path, typer.Argument(help="A recording.")],
    annotations: Annotated[
        Path, typer.Argument(help="Its notes, one a line: onset and offset in seconds, MIDI pitch.")
    ],
    preset: Annotated[
        list[str] | None,
        typer.Option(help="A transcription preset or kind of stem; may be given again."),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Score a transcription preset, beside basic-pitch's own program, on annotated notes."""
    from bridge.cli import evaluate_notes as evaluate_command

    evaluate_command.evaluate_notes(audio, annotations, preset or [], config, as_json=as_json)


@app.command(name="evaluate-drums")
def evaluate_drums(
    audio: Annotated[Path, typer.Argument(help="A drum recording.")],
    annotations: Annotated[
        Path, typer.Argument(help="Its strokes: onset in seconds and KD, SD, HH, TT, CY or OT.")
    ],
    engine: Annotated[
        list[str] | None, typer.Option(help="network or nmf; may be given again. Both without.")
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Score the drum transcribers on a recording whose strokes are annotated."""
    from bridge.cli import evaluate_drums as evaluate_command

    evaluate_command.evaluate_drums(audio, annotations, engine or [], config, as_json=as_json)


@app.command()
def recipes(as_json: AsJson = False, config: Config = None) -> None:
    """List the recipes."""
    from bridge.cli import listings

    listings.recipes(config, as_json=as_json)


@app.command()
def protocol() -> None:
    """Print the OSC contract as Markdown."""
    from bridge.cli import listings

    listings.protocol()


@app.command(name="reapack-index")
def reapack_index(
    url: Annotated[str, typer.Argument(help="Where the scripts' folder can be fetched from.")],
    output: Annotated[Path, typer.Option(help="The file to write.")] = Path("index.xml"),
) -> None:
    """Write the index through which ReaPack finds REAPER's scripts."""
    from bridge.cli import install as install_commands

    install_commands.reapack_index(url, output)


@app.command()
def schema() -> None:
    """Print the JSON Schema of manifest.json."""
    from bridge.cli import listings

    listings.schema()


@app.command(name="config")
def show_config(as_json: AsJson = False, config: Config = None) -> None:
    """Print the settings in force and where each came from."""
    from bridge.cli import listings

    listings.settings(config, as_json=as_json)


@app.command(name="support-bundle")
def support_bundle(
    output: Annotated[Path, typer.Option(help="Folder for the file.")] = Path(),
    with_names: Annotated[
        bool, typer.Option("--with-names", help="Keep the names of your files.")
    ] = False,
    config: Config = None,
) -> None:
    """Gather logs, versions and settings in a file for whoever helps you."""
    from bridge.cli import support

    support.support_bundle(output, config, with_names=with_names)


@app.command()
def doctor(config: Config = None) -> None:
    """Check everything the bridge needs; for each fault, print the one thing to do."""
    from bridge.cli import doctor as doctor_command

    doctor_command.doctor(config)
