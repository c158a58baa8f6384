"""What somebody might try who should not get in, and what must come of it.

Each attempt is a file or a request that a stranger made. The daemon may read below ``songs`` and
write below ``stems`` only; what lies in ``secret`` must never be read or changed.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.errors import BridgeError
from tests.end_to_end.conftest import Daemon
from tests.faults.outcome import Outcome
from tests.faults.studio import music, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bridge.osc.client import BridgeClient

PATIENCE_S = 400.0
SECRET = "what nobody else shall see"


@dataclass
class House:
    """A daemon with settings as for other machines, and a folder that is none of its business."""

    daemon: Daemon
    client: BridgeClient
    number: int = 0

    @property
    def folder(self) -> Path:
        return self.daemon.folder

    @property
    def song(self) -> Path:
        return self.folder / "songs" / "song.wav"

    def run(self, recipe: str = "process", **options: object) -> str:
        """Send a job; return how it ended: `done`, or the code of what went wrong."""
        given = {"id": self.new_id(), "path": str(self.song), "reuse": False, **options}
        pairs = [part for pair in given.items() for part in pair]
        self.client.send("/bridge/run", recipe, *pairs)
        return self.end_of(str(given["id"]))

    def run_behind_another(self, act: Callable[[], object], **options: object) -> str:
        """Act between a job's acceptance and its start; return how it ended."""
        long, before, job = self.song.with_name("long.wav"), self.new_id(), self.new_id()
        if not long.exists():
            music(long, 20.0)
        self.client.send(
            *("/bridge/run", "stems", "id", before, "path", str(long)),
            *("model", "dsp", "reuse", False),
        )
        given = {"id": job, "path": str(self.song), "reuse": False, **options}
        pairs = [part for pair in given.items() for part in pair]
        self.client.send("/bridge/run", "process", *pairs)
        queued = next(self.client.events(job, PATIENCE_S))
        assert queued.arguments[2] == 1, "it was its turn at once"
        act()
        self.client.send("/bridge/cancel", before)
        return self.end_of(job)

    def new_id(self) -> str:
        """Return an id that no job of this house has."""
        self.number += 1
        return f"job-{self.number}"

    def end_of(self, job: str) -> str:
        """Return how a job ended, or with which code it was refused."""
        try:
            last = list(self.client.events(job, PATIENCE_S))[-1]
        except BridgeError as exc:
            return exc.code
        if last.address == "/bridge/job/failed":
            return str(last.arguments[1])
        return last.address.rpartition("/")[2]

    def ask(self, address: str, *arguments: object) -> str:
        """Send a request; return the code of its refusal, or `done`."""
        self.client.send(address, *arguments)
        self.client.send("/bridge/ping")
        found = "done"
        while (message := self.client.receive(PATIENCE_S)).address != "/bridge/pong":
            if message.address == "/bridge/error":
                found = str(message.arguments[1])
        return found

    def preset(self, kind: str, name: str, text: str) -> None:
        """Put a stranger's preset where the musician's own lie."""
        folder = self.folder / "presets" / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")

    def link(self, at: str, to: str) -> Path:
        """Put a symbolic link below the folder; return it."""
        link = self.folder / at
        link.symlink_to(self.folder / to)
        return link


@dataclass(frozen=True)
class Attempt:
    """One thing that a stranger tries, and the codes that may come of it."""

    name: str
    outcomes: frozenset[str]
    make: Callable[[House], str]


ATTEMPTS: list[Attempt] = []


def attempt(
    name: str, *outcomes: str
) -> Callable[[Callable[[House], str]], Callable[[House], str]]:
    """Put a function into the table."""

    def register(make: Callable[[House], str]) -> Callable[[House], str]:
        ATTEMPTS.append(Attempt(name, frozenset(outcomes), make))
        return make

    return register


@attempt("`..` out of the folder that may be read", "forbidden_path")
def _dots(house: House) -> str:
    return house.run(path=str(house.folder / "songs" / ".." / "secret" / "song.wav"))


@attempt("a relative path", "bad_arguments")
def _relative(house: House) -> str:
    return house.run(path="songs/song.wav")


@attempt("a link that leads out", "forbidden_path")
def _link(house: House) -> str:
    return house.run(path=str(house.link("songs/link.wav", "secret/song.wav")))


@attempt("a ring of links", "not_found", "forbidden_path")
def _ring(house: House) -> str:
    house.link("songs/one", "songs/two")
    return house.run(path=str(house.link("songs/two", "songs/one")))


@attempt("devices and what the system tells of processes", "forbidden_path")
def _devices(house: House) -> str:
    return house.run(path="/proc/self/environ")


@attempt("a named pipe as a song", "unsupported_audio")
def _pipe(house: House) -> str:
    pipe = house.folder / "songs" / "pipe.wav"
    os.mkfifo(pipe)
    return house.run(path=str(pipe))


@attempt("Windows' shares and device names", "bad_arguments", "forbidden_path", "not_found")
def _share(house: House) -> str:
    return house.run(path="\\\\10.0.0.9\\share\\song.wav")


@attempt("results outside the folder for them", "forbidden_path")
def _output(house: House) -> str:
    return house.run(output=str(house.folder / "stems" / ".." / "secret"))


@attempt("results through a link that leads out", "forbidden_path")
def _output_link(house: House) -> str:
    return house.run(output=str(house.link("stems/link", "secret")))


@attempt("a link in place of the results' folder while the job waits", "forbidden_path")
def _race(house: House) -> str:
    output = str(house.folder / "stems" / "race")
    return house.run_behind_another(lambda: house.link("stems/race", "secret"), output=output)


@attempt("a link in place of the song while the job waits", "forbidden_path")
def _race_of_the_song(house: House) -> str:
    song = house.folder / "songs" / "race.wav"
    shutil.copy(house.song, song)

    def swap() -> None:
        song.unlink()
        house.link("songs/race.wav", "secret/song.wav")

    return house.run_behind_another(swap, path=str(song))


@attempt("a link under the name of the half-written file", "done")
def _part(house: House) -> str:
    victim = house.folder / "secret" / "victim"
    victim.write_text(SECRET)
    (house.folder / "stems").mkdir(exist_ok=True)
    house.link("stems/.planted - mix.wav.part", "secret/victim")
    return house.run(track="planted", output=str(house.folder / "stems"))


@attempt("a pipe under the name of a claim", "done")
def _claim(house: House) -> str:
    (house.folder / "stems").mkdir(exist_ok=True)
    os.mkfifo(house.folder / "stems" / ".piped - mix.wav.claim")
    return house.run(track="piped", output=str(house.folder / "stems"))


@attempt("a track's name that is a path", "done")
def _track(house: House) -> str:
    return house.run(track="../../secret/x\n$(touch y)", output=str(house.folder / "stems"))


@attempt("a recipe's name that is a path", "unknown_recipe")
def _recipe(house: House) -> str:
    return house.run("../../secret/recipe")


@attempt("a chain's name that is a path", "unknown_chain")
def _chain(house: House) -> str:
    return house.run(pre="../../secret/chain")


@attempt("a model's name that is a path", "unknown_model", "model_unavailable", "bad_arguments")
def _model(house: House) -> str:
    return house.run("stems", model="../secret/model")


@attempt("a job's id that is a path", "bad_arguments")
def _id(house: House) -> str:
    return house.run(id="../../x")


@attempt("a chain saved under a name that is a path", "bad_arguments")
def _save(house: House) -> str:
    return house.ask("/bridge/chains/save", "glue", "../../secret/chain")


class _Code:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("echo ran > ran",)


@attempt("a model that is a pickle with code", "model_unavailable")
def _pickle(house: House) -> str:
    (house.folder / "models" / "evil.th").write_bytes(pickle.dumps(_Code()))
    return house.run("stems", model="evil")


@attempt("a bag of models with code in its YAML", "model_unavailable", "unknown_model")
def _yaml(house: House) -> str:
    text = "models: !!python/object/apply:os.system ['echo ran > ran']\n"
    (house.folder / "models" / "bag.yaml").write_text(text)
    return house.run("stems", model="bag")


@attempt("a bag of models that names a file elsewhere", "model_unavailable", "unknown_model")
def _bag(house: House) -> str:
    (house.folder / "models" / "out.yaml").write_text("models: ['../secret/model']\n")
    return house.run("stems", model="out")


@attempt("a model whose file names a class of its own", "model_unavailable", "unknown_model")
def _class(house: House) -> str:
    told = {"klass": "os.system", "args": json.dumps(["echo ran > ran"]), "kwargs": "{}"}
    header = json.dumps({"__metadata__": told}).encode()
    content = len(header).to_bytes(8, "little") + header
    (house.folder / "models" / "class.safetensors").write_bytes(content)
    return house.run("stems", model="class")


@attempt("TOML: a key of 60,000 parts", "bad_preset")
def _toml_key(house: House) -> str:
    house.preset("recipes", "key", "a." * 60_000 + "a = 1")
    return house.run("key")


@attempt("TOML: a key of 20,000 parts in quotes, with commas", "bad_preset")
def _toml_quoted(house: House) -> str:
    house.preset("recipes", "quoted", '",".' * 20_000 + "a = 1")
    return house.run("quoted")


@attempt("TOML: values 400 deep, in a list with right ones", "bad_preset")
def _toml_depth(house: House) -> str:
    house.preset("chains", "deep", "description = " + "[" * 400 + "]" * 400)
    assert house.ask("/bridge/chains") == "done"
    return house.run(pre="deep")


@attempt("TOML: a megabyte", "bad_preset")
def _toml_size(house: House) -> str:
    house.preset("recipes", "large", "description = '" + "x" * (1 << 20) + "'")
    return house.run("large")


@attempt("a recipe of ten thousand stages", "bad_preset")
def _stages(house: House) -> str:
    house.preset("recipes", "stages", "[[stage]]\nkind = 'write'\n" * 10_000)
    return house.run("stages")


@attempt("chains that include each other twice, thirty deep", "bad_preset")
def _includes(house: House) -> str:
    for number in range(30):
        include = f"[[effect]]\ninclude = 'bomb-{number + 1}'\n"
        house.preset("chains", f"bomb-{number}", include * 2)
    house.preset("chains", "bomb-30", "[[effect]]\ntype = 'Gain'\n")
    return house.run(pre="bomb-0")


@attempt("a chain that reads another file as an impulse response", *("plugin_failed", "bad_preset"))
def _impulse(house: House) -> str:
    path = house.folder / "secret" / "file"
    house.preset(
        "chains",
        "impulse",
        f"[[effect]]\ntype = 'Convolution'\nimpulse_response_filename = '{path}'\n",
    )
    return house.run(pre="impulse")


def house_rules(folder: Path) -> dict[str, str]:
    """Return the settings of a daemon that strangers reach."""
    return {
        "DAWBRIDGE_READ_ROOTS": str(folder / "songs"),
        "DAWBRIDGE_OUTPUT_ROOTS": str(folder / "stems"),
        "DAWBRIDGE_MODELS": str(folder / "models"),
        "DAWBRIDGE_OSCQUERY": "false",
    }


def strangers(folder: Path) -> Iterator[Outcome]:
    """Make every attempt against one daemon."""
    for name in ("songs", "stems", "models", "secret"):
        (folder / name).mkdir()
    music(folder / "songs" / "song.wav", 1.0)
    music(folder / "secret" / "song.wav", 1.0, seed=1)
    (folder / "secret" / "file").write_text(SECRET)
    before = _content(folder / "secret")
    with running(Daemon(folder, settings=house_rules(folder))) as daemon:
        number = 0
        for tried in ATTEMPTS:
            outcome = Outcome("Security", tried.name, 1)
            with daemon.client() as client:
                house = House(daemon, client, number)
                try:
                    found = tried.make(house)
                except (OSError, BridgeError, AssertionError) as exc:
                    found = f"{type(exc).__name__}: {exc}"
            number = house.number
            outcome.held = f"`{found}`"
            outcome.expect(found in tried.outcomes, f"it came to {found}")
            left = _content(folder / "secret") - before
            outcome.expect(left <= {("victim", SECRET)}, f"secret: {left}")
            outcome.expect(not list(folder.rglob("ran")), "its code ran")
            yield outcome


def _content(folder: Path) -> set[tuple[str, str]]:
    return {(path.name, path.read_text(errors="replace")) for path in folder.iterdir()}
