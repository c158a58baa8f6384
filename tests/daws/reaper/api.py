"""What REAPER's functions for programs, settings and projects do in the stand-in."""

# ruff: noqa: N802, PLR0917 - the names and arguments are REAPER's

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.daws.reaper.command_line import split_posix, split_windows
from tests.daws.reaper.media_api import Accessor, MediaApi
from tests.daws.reaper.project import Item, Project, Source, Take, TempoMark, Track, new_guid

if TYPE_CHECKING:
    from tests.daws.reaper.standin import Standin

MASTER_RATE = 48000.0


class Api(MediaApi):
    """REAPER's functions by their own names."""

    def __init__(self, standin: Standin) -> None:
        self.standin = standin
        self.accessors: list[Accessor] = []
        self.files: dict[str, list[str]] = {}

    def is_alive(self, thing: Any) -> bool:
        """Tell whether an object is still part of an open project; sources always are."""
        if isinstance(thing, Source):
            return True
        if isinstance(thing, Take):
            return thing in thing.item.takes and self.is_alive(thing.item)
        if isinstance(thing, Item):
            return thing in thing.track.items and self.is_alive(thing.track)
        if isinstance(thing, Track):
            project = thing.project
            return project in self.standin.projects and thing in project.tracks
        return thing in self.standin.projects

    # Programs, files, settings

    def GetOS(self) -> str:
        return self.standin.system

    def GetResourcePath(self) -> str:
        return str(self.standin.resources)

    def time_precise(self) -> float:
        return time.monotonic() + self.standin.ahead_s

    def genGuid(self, _: str = "") -> str:
        return new_guid()

    def file_exists(self, path: str) -> bool:
        return Path(path).is_file()

    def RecursiveCreateDirectory(self, path: str, _: int) -> int:
        try:
            Path(path).mkdir(parents=True, exist_ok=True)
        except OSError:
            return 0
        return 1

    def EnumerateFiles(self, path: str, index: int) -> str | None:
        if index < 0 or path not in self.files:
            folder = Path(path)
            found = [each.name for each in folder.iterdir() if each.is_file()]
            self.files[path] = sorted(found)
        if index < 0:
            return None
        names = self.files[path]
        return names[index] if index < len(names) else None

    def ExecProcess(self, command: str, timeout_ms: int) -> str | None:
        if timeout_ms not in {-1, -2}:
            self.standin.violate("ExecProcess waits, so REAPER freezes")
        self.standin.started.append(command)
        split = split_windows if self.standin.system.startswith("Win") else split_posix
        words = split(command)
        if not Path(words[0]).is_file():
            return None
        self.standin.processes.append(
            subprocess.Popen(
                words,
                env={**self.standin.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
            )
        )
        return ""

    def HasExtState(self, section: str, key: str) -> bool:
        return (section, key) in self.standin.ext_state

    def GetExtState(self, section: str, key: str) -> str:
        return self.standin.ext_state.get((section, key), ("", False))[0]

    def SetExtState(self, section: str, key: str, value: str, persist: bool) -> None:
        if "\n" in value or (persist and not value.isascii()):
            self.standin.violate(f"ExtState does not keep {value!r}")
        self.standin.ext_state[section, key] = (value, persist)

    def DeleteExtState(self, section: str, key: str, _: bool) -> None:
        self.standin.ext_state.pop((section, key), None)

    def MB(self, sentence: str, _title: str, _kind: int) -> int:
        self.standin.said.append(sentence)
        return 1

    def GetUserInputs(
        self, _title: str, count: int, captions: str, values: str
    ) -> tuple[bool, str]:
        assert captions.split(",")[count:] == ["separator=|", "extrawidth=220"]
        assert len(values.split("|")) == count <= 16
        given = self.standin.inputs.pop(0)
        given[0].extend(values.split("|"))
        return (False, "") if given[1] is None else (True, given[1])

    def AddRemoveReaScript(self, add: bool, section: int, path: str, _: bool) -> int:
        assert add
        assert section == 0
        if not Path(path).is_file():
            return 0
        known = {str(script): number for number, script in self.standin.commands.items()}
        number = known.get(path, 50_000 + len(known))
        self.standin.commands[number] = Path(path)
        return number

    def Main_OnCommand(self, command: int, _: int) -> None:
        if command in self.standin.commands:
            self.standin.run(self.standin.commands[command])
        else:
            self.standin.actions.append(command)

    def Main_OnCommandEx(self, command: int, flag: int, _: Any) -> None:
        self.Main_OnCommand(command, flag)

    # Projects

    def EnumProjects(self, index: int) -> tuple[Any, str]:
        if index == -1:
            index = self.standin.current
        if index >= len(self.standin.projects):
            return None, ""
        return self.standin.projects[index], self.standin.projects[index].path

    def SelectProjectInstance(self, project: Any) -> None:
        self.standin.current = self.standin.projects.index(project)

    def GetProjectPathEx(self, project: Any) -> str:
        return self._project(project).media

    def GetSetProjectInfo(self, _: Any, name: str, _value: float, is_set: bool) -> float:
        assert name == "PROJECT_SRATE"
        assert not is_set
        return MASTER_RATE

    def GetSet_LoopTimeRange2(
        self, project: Any, is_set: bool, _loop: bool, _from: float, _to: float, _seek: bool
    ) -> tuple[float, float]:
        assert not is_set
        return self._project(project).selection_s

    def ValidatePtr(self, thing: Any, kind: str) -> bool:
        return self.ValidatePtr2(0, thing, kind)

    def ValidatePtr2(self, _: Any, thing: Any, kind: str) -> bool:
        kinds = {"ReaProject*": Project, "MediaItem_Take*": Take, "MediaItem*": Item}
        return isinstance(thing, kinds[kind]) and self.is_alive(thing)

    def TimeMap2_timeToQN(self, project: Any, time_s: float) -> float:
        return self._project(project).quarters(time_s)

    def TimeMap_GetTimeSigAtTime(self, project: Any, time_s: float) -> tuple[int, int, float]:
        mark = self._project(project).mark_at(time_s)
        return mark.numerator, mark.denominator, mark.tempo * mark.denominator / 4

    def SetTempoTimeSigMarker(
        self, project: Any, index: int, time_s: float, measure: int, beat: float, tempo: float,
        numerator: int, denominator: int, linear: bool,
    ) -> bool:  # fmt: skip
        one = self._project(project)
        self._guard(one, "SetTempoTimeSigMarker")
        assert (index, measure, beat, linear) == (-1, -1, -1, False)
        before = one.mark_at(time_s)
        beats = one.beats_of_items()
        meter = (numerator or before.numerator, denominator or before.denominator)
        one.tempi = [mark for mark in one.tempi if mark.time_s != time_s]
        one.tempi.append(TempoMark(time_s, tempo, *meter))
        one.tempi.sort(key=lambda mark: mark.time_s)
        one.follow_beats(beats)
        return True

    def AddProjectMarker2(
        self, project: Any, is_region: bool, from_s: float, to_s: float, name: str, _index: int,
        _color: int,
    ) -> int:  # fmt: skip
        one = self._project(project)
        self._guard(one, "AddProjectMarker2")
        assert is_region
        one.regions.append((from_s, to_s, name))
        return len(one.regions)

    def Undo_BeginBlock2(self, project: Any) -> None:
        one = self._project(project)
        one.open_blocks.append((one.changes, one.content()))

    def Undo_EndBlock2(self, project: Any, name: str, flags: int) -> None:
        assert flags == -1
        one = self._project(project)
        changes, content = one.open_blocks.pop()
        if one.changes > changes:
            one.undo.append((name, content))

    def Undo_CanUndo2(self, project: Any) -> str | None:
        undo = self._project(project).undo
        return undo[-1][0] if undo else None

    def Undo_DoUndo2(self, project: Any) -> int:
        one = self._project(project)
        _, content = one.undo.pop()
        one.restore(content)
        return 1

    def PreventUIRefresh(self, change: int) -> None:
        self.standin.refresh += change

    def UpdateArrange(self) -> None:
        pass

    def UpdateTimeline(self) -> None:
        pass
