"""What a script gets hold of: objects as Boost.Python makes them, around the stand-in's own.

A handle has exactly the members that `api.toml` gives its class in a version. It refuses arguments
of other types, changes while Live notifies, and everything once its object is gone; then it equals
None. Each access makes a new one, so that `is` and `id()` find nothing, as in Live.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tests.daws.ableton.versions import CHANGES, api, members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.daws.ableton.versions import Member

NOTIFYING = "Changes cannot be triggered by notifications. You will need to defer your response."


class ArgumentError(TypeError):
    """An argument is not of the type that the C++ function takes."""


ArgumentError.__module__ = "Boost.Python"


class Model:
    """An object of the Set, as the stand-in keeps it; tests look at these."""

    kind: ClassVar[str]
    """Its class in `api.toml`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.is_alive = True
        self.listeners: dict[str, list[Callable[[], object]]] = {}

    def end(self) -> None:
        """Take it out of the Set: handles that a script keeps are dead from now on."""
        self.is_alive = False
        self.listeners.clear()

    def changed(self, *names: str) -> None:
        """Tell those who listen."""
        for name in names:
            self.world.notify(self, name)


class Handle:
    """A model as a script sees it."""

    _world: ClassVar[World]
    _model: Model

    def __init__(self) -> None:
        raise RuntimeError("This class cannot be instantiated from Python")

    def __eq__(self, other: object) -> bool:
        if other is None:
            return not self._model.is_alive
        return isinstance(other, Handle) and other._model is self._model

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return id(self._model)

    def __setattr__(self, name: str, value: object) -> None:
        if not hasattr(type(self), name):
            self._world.violate(f"{type(self).__name__} has no {name} in {self._world.version}")
        object.__setattr__(self, name, value)

    @property
    def _live_ptr(self) -> int:
        return id(self._model)


class Vector:
    """A list as Live returns it: read only, and no list of Python's."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        return self._items[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __contains__(self, item: object) -> bool:
        return any(each == item for each in self._items)


class World:
    """Live's side of every handle of one version."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.violations: list[str] = []
        self.called: set[str] = set()
        self.depth = 0
        self.is_dirty = False
        self.classes = {owner: self._class(owner) for owner in api()}

    def violate(self, what: str) -> None:
        """Note what no script may do, even where Live would let it pass."""
        self.violations.append(what)

    def handle(self, model: Model) -> Handle:
        """Return a new handle."""
        made: Handle = object.__new__(self.classes[model.kind])
        object.__setattr__(made, "_model", model)
        return made

    def wrap(self, value: Any) -> Any:
        """Return a value as a script gets it."""
        if isinstance(value, Model):
            return self.handle(value)
        if isinstance(value, list):
            return Vector([self.wrap(each) for each in value])
        return value

    def notify(self, model: Model, name: str) -> None:
        """Call those who listen to a property; they may change nothing meanwhile."""
        self.is_dirty = True
        self.depth += 1
        try:
            for listener in list(model.listeners.get(name, ())):
                listener()
        finally:
            self.depth -= 1

    def _class(self, owner: str) -> type[Handle]:
        contents: dict[str, Any] = {"_world": self}
        for member in members(owner, self.version):
            contents[member.name] = _Method(member) if member.is_method else _Property(member)
            if member.is_heard:
                contents.update(_listening(member.name))
        return type(owner.rpartition(".")[2], (Handle,), contents)

    def checked(self, member: Member, model: Model) -> None:
        """Refuse what Live refuses of any access."""
        if not model.is_alive:
            raise RuntimeError(f"Underlying C++ object of {member.owner} is gone")
        if member.how in CHANGES and self.depth:
            raise RuntimeError(NOTIFYING)

    def converted(self, member: Member, values: tuple[Any, ...]) -> list[Any]:
        """Return arguments as C++ would take them."""
        least = sum(not kind.endswith("?") for kind in member.types)
        if not least <= len(values) <= len(member.types):
            raise _mismatch(member, values)
        pairs = zip(member.types, values, strict=False)
        return [_convert(member, kind.rstrip("?"), value, values) for kind, value in pairs]


def _mismatch(member: Member, values: tuple[Any, ...]) -> ArgumentError:
    given = ", ".join(type(value).__name__ for value in values)
    return ArgumentError(
        f"Python argument types in {member.owner}.{member.name}({member.owner}, {given}) did not "
        f"match C++ signature: {member.name}({', '.join(member.types)})"
    )


def _convert(member: Member, kind: str, value: Any, values: tuple[Any, ...]) -> Any:
    """Convert as Boost.Python does: numbers to wider ones, and nothing to a string."""
    if kind in api():
        if isinstance(value, Handle) and value._model.kind == kind:
            if not value._model.is_alive:
                raise RuntimeError(f"Underlying C++ object of {kind} is gone")
            return value._model
        raise _mismatch(member, values)
    fits = {
        "float": isinstance(value, int | float),
        "int": isinstance(value, int),
        "bool": isinstance(value, int),
        "str": isinstance(value, str),
        "object": True,
        "notes": isinstance(value, tuple),
        "WarpMarker": type(value).__name__ == "WarpMarker",
    }
    if not fits[kind]:
        raise _mismatch(member, values)
    narrow: dict[str, type] = {"float": float, "int": int, "bool": bool}
    return narrow[kind](value) if kind in narrow else value


class _Property:
    def __init__(self, member: Member) -> None:
        self.member = member

    def __get__(self, handle: Handle | None, owner: type[Handle]) -> Any:
        if handle is None:
            return self
        world, model = handle._world, handle._model
        if not model.is_alive:
            raise RuntimeError(f"Underlying C++ object of {self.member.owner} is gone")
        return world.wrap(getattr(model, self.member.name))

    def __set__(self, handle: Handle, value: Any) -> None:
        world, model, member = handle._world, handle._model, self.member
        if member.how == "get":
            raise AttributeError(f"can't set attribute {member.name}")
        world.checked(member, model)
        (given,) = world.converted(member, (value,))
        setattr(model, member.name, given)
        model.changed(member.name)


class _Method:
    def __init__(self, member: Member) -> None:
        self.member = member

    def __get__(self, handle: Handle | None, owner: type[Handle]) -> Any:
        if handle is None:
            return self
        world, model, member = handle._world, handle._model, self.member

        def method(*values: Any) -> Any:
            world.checked(member, model)
            arguments = world.converted(member, values)
            if member.how in CHANGES:
                world.is_dirty = True
                world.called.add(f"{member.owner}.{member.name}")
            return world.wrap(getattr(model, member.name)(*arguments))

        return method


def _listening(name: str) -> dict[str, Any]:
    """Return the three functions that a property with listeners has beside it."""

    def alive(handle: Handle) -> list[Callable[[], object]]:
        if not handle._model.is_alive:
            raise RuntimeError("Underlying C++ object is gone")
        return handle._model.listeners.setdefault(name, [])

    def add(self: Handle, callback: Callable[[], object]) -> None:
        if callback in alive(self):
            raise RuntimeError("Observer already connected")
        alive(self).append(callback)

    def remove(self: Handle, callback: Callable[[], object]) -> None:
        if callback not in alive(self):
            raise RuntimeError("Observer not connected")
        alive(self).remove(callback)

    def has(self: Handle, callback: Callable[[], object]) -> bool:
        return callback in alive(self)

    return {
        f"add_{name}_listener": add,
        f"remove_{name}_listener": remove,
        f"{name}_has_listener": has,
    }
