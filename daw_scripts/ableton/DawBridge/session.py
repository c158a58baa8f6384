"""One set's work, tick by tick: what came in is acted on, results are put into the set."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable, Sequence

from . import jobs, placing, program, results, selection, settings
from .desk import Desk
from .errors import BadPacketError, BridgeError
from .jobs import Job
from .link import ERROR, Link, Received
from .pads import Pads
from .steps import Steps, advance
from .store import Store
from .watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

    from .live import Live

CANCEL, PLACE = "cancel", "place"
SET_KEY = "dawbridge.set"
"""Under this name the set itself keeps who it is, so that results find it again."""

_RUN = "/bridge/run/"
_NAME = "dawbridge: "


class Session:
    """What the script does in one set, from loading to closing it.

    Parameters
    ----------
    live
        The set and Live's own values.
    folder
        Where the script and its settings lie.
    show, log
        Live's status bar and log.
    clock
        Seconds.
    """

    def __init__(
        self,
        live: Live,
        folder: Path,
        show: Callable[[str], Any],
        log: Callable[[str], Any],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._live, self._show_in_live, self._log_in_live = live, show, log
        self.settings, faults = settings.load(folder)
        self.link = Link(self.settings.controller_port, self.settings.daemon_port)
        store = Store(self.settings.state, self._log)
        daemon = program.Program(self.settings.program)
        self.desk = Desk(self.link, store, daemon, self.say, self._show, clock=clock)
        self.watch, self.pads = Watch(self.link), Pads()
        self._placing: Steps | None = None
        self._pressed: list[str] = []
        self._clock = clock
        for fault in faults:
            self.say(fault)
        if self.link.is_shared:
            self._log(
                f"port {self.settings.controller_port} is taken, perhaps by another Live: "
                "controllers reach that one"
            )
        set_id = self._set_id()
        self.desk.recover(store.of_set(set_id) if set_id else [])

    def close(self) -> None:
        """Let go of everything; the set is being closed."""
        try:
            if self._placing is not None:
                self._placing.close()
        except RuntimeError as fault:
            self._log(f"the set closed while results were placed: {fault}")
        finally:
            self.desk.leave()
            self.link.close()

    def press(self, action: str) -> None:
        """Do an action on the next tick: a recipe, `CANCEL` or `PLACE`.

        Live allows no change of the set while it tells of one, so nothing is done here.
        """
        self._pressed.append(action)

    def tick(self) -> None:
        """Do what is due; a fault in one thing stops none of the others."""
        bad_packets = self.link.bad_packets
        for received in self.link.receive():
            self._guarded(self._take, received)
        if self.link.bad_packets > bad_packets:
            self._log(f"{self.link.bad_packets} packets so far were not OSC")
        if self._placing is None:  # one long thing in a tick is enough
            self._guarded(self.watch.tick, self._live.song)
        self._guarded(self._look_at_pads)
        pressed, self._pressed = self._pressed, []
        for action in pressed:
            self._guarded(self._act, action, {})
        self._guarded(self.desk.tick)
        self._guarded(self._go_on_placing)

    def say(self, sentence: str) -> None:
        """Tell the musician."""
        self._show(sentence)
        self._log(sentence)

    def _show(self, sentence: str) -> None:
        self._show_in_live(_NAME + sentence)

    def _log(self, sentence: str) -> None:
        self._log_in_live(_NAME + sentence)

    def _guarded(self, work: Callable[..., Any], *arguments: Any) -> None:
        try:
            work(*arguments)
        except BridgeError as fault:
            self.say(str(fault))
        except Exception as fault:  # noqa: BLE001 - a tick that raises is the script's last in Live
            self._log("{}: {!r}".format(getattr(work, "__name__", "tick"), fault))

    def _take(self, received: Received) -> None:
        (address, arguments), sender = received.message, received.sender
        if sender == self.link.daemon:
            try:
                self._take_of_daemon(address, arguments)
            except (TypeError, ValueError, IndexError) as fault:
                raise BadPacketError(f"{address} of the daemon is not as agreed") from fault
            return
        if address == ERROR:
            return  # two programs that answer each other's errors never stop
        try:
            self._take_of_controller(address, arguments)
        except BridgeError as fault:
            self.link.reply(sender, ERROR, address, "bad_arguments", str(fault))
            raise

    def _take_of_daemon(self, address: str, arguments: Sequence[Any]) -> None:
        if address.startswith("/bridge/job/"):
            self.desk.take(address[len("/bridge/job/") :], arguments)
        elif address == ERROR:
            about, code, message = (str(argument) for argument in arguments[:3])
            if about == "/bridge/select":
                self.watch.answered()
                self._log(message)  # said when it is run
            elif not self.desk.refuse(about, code, message):
                self.say(message)
        elif address == "/bridge/welcome":
            self.desk.welcome()
            self.watch.tell_again()
        elif address == "/bridge/selected":
            self.watch.answered()
        elif address == "/bridge/recipe":
            self.pads.recipe(str(arguments[0]))
        elif address == "/bridge/recipes/end":
            self.pads.list_ended([PLACE, CANCEL])

    def _take_of_controller(self, address: str, arguments: Sequence[Any]) -> None:
        values = list(arguments)
        if len(values) == 1 and isinstance(values[0], (int, float)):
            if not values[0]:
                return  # a button was let go
            values = []
        if address.startswith(_RUN) and "/" not in address[len(_RUN) :]:
            self._act(address[len(_RUN) :], _pairs(values))
        elif address == "/bridge/run" and values:
            self._act(str(values[0]), _pairs(values[1:]))
        elif address in ("/bridge/cancel", "/bridge/place"):
            self._act(address[len("/bridge/") :], {})
        else:
            raise BridgeError(
                f"{address} is not taken here, but by the daemon on port "
                f"{self.settings.daemon_port}."
            )

    def _look_at_pads(self) -> None:
        launched = self.pads.tick(self._live.song)
        if launched is not None:
            self.press(launched)
        if self.pads.wants_names and self.desk.is_connected:
            self.pads.wants_names = False
            self.link.send("/bridge/recipes")

    def _act(self, action: str, options: dict[str, Any]) -> None:
        if action == CANCEL:
            if not self.desk.cancel():
                self.say("nothing runs that could be cancelled")
        elif action == PLACE:
            if not self.desk.place_waiting():
                self.say("no results wait for this set")
        else:
            self._run(action, options)

    def _run(self, recipe: str, options: dict[str, Any]) -> None:
        if {"path", "start", "length"} & set(options):
            raise BridgeError("A region of its own is run by the daemon, not by Live's script.")
        song = self._live.song
        chosen = selection.read(song, song.view.detail_clip)
        job_id = str(options.pop("id", "")) or jobs.new_id()
        if not jobs.is_id(job_id):
            raise BridgeError("An id has 1 to 64 of A-Z a-z 0-9 . _ -")
        if job_id in self.desk.jobs:
            return
        asked = dict(self.settings.options, **options)
        self.desk.ask(Job(job_id, recipe, asked, chosen, self._set_id() or self._new_set_id()))

    def _set_id(self) -> str:
        """Return who the set is; nothing before its first job."""
        return str(self._live.song.get_data(SET_KEY, "") or "")

    def _new_set_id(self) -> str:
        set_id = jobs.new_id("set")
        self._live.song.set_data(SET_KEY, set_id)
        return set_id

    def _go_on_placing(self) -> None:
        if self._placing is None:
            if not self.desk.finished:
                return
            self._placing = self._placed(self.desk.finished[0])
        try:
            is_finished = advance(self._placing, self._clock)
        except Exception as fault:  # noqa: BLE001 - whatever it was, the results are safe
            is_finished = True
            self.desk.wait(self.desk.finished[0], f"could not be put into the set ({fault})")
        if is_finished:
            self._placing = None

    def _placed(self, job: Job) -> Steps:
        found = results.read(job)
        yield None
        work = placing.Work(self._live, self.settings, job, found, [])
        yield from placing.place(work)
        self.desk.forget(job)
        for warning in job.warnings:
            self._log(f"{job.label}: {warning}")
        remarks = [*work.notes, *(warning.split(". ")[0] for warning in job.warnings)]
        self.say(f"{job.label}: " + "; ".join(["done", *remarks]))


def _pairs(values: Sequence[Any]) -> dict[str, Any]:
    """Return options from names and values in turn.

    Raises
    ------
    BridgeError
        A name without a value, or a value that is neither text nor number.
    """
    if len(values) % 2 or not all(isinstance(value, (str, int, float)) for value in values):
        raise BridgeError("Options are pairs: a name, then a value.")
    return {str(name): value for name, value in zip(values[::2], values[1::2])}
