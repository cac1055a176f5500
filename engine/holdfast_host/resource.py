"""What a resource type is: its arguments, declared once, and the three steps observe, diff, converge."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, ClassVar, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from . import values
from .errors import Refused
from .record import MISSING, Record, Slot

if TYPE_CHECKING:
    from .files import FileState

NEVER, ALLOWED, ALWAYS = "never", "allowed", "always"  # may a marked secret stand in an argument?


class Arg(Slot):
    """One declared argument of a type. `kind` is filled in from the annotation: see `values.KINDS`."""

    def __init__(self, default: object, doc: str, choices: Sequence[str], check: Optional[Callable[[Any], None]],
                 secret: str, controller: str, literal: bool, public: Sequence[str]) -> None:
        self.name, self.kind, self.public = "", "", frozenset(public)
        self.default, self.doc, self.choices, self.check = default, doc, tuple(choices), check
        self.secret, self.controller, self.literal = secret, controller, literal

    @property
    def required(self) -> bool:
        return self.default is MISSING

    def accept(self, value: object) -> object:
        """The value as the type will see it. Raises Refused, naming this argument."""
        value = values.convert(self.name, self.kind, value)
        if self.literal and values.references(value):
            raise Refused(self.name, "is given to a shell: what a host answers must not become part of it",
                          "pass it on in `env`, and write \"$NAME\" here")
        if value is None or isinstance(value, values.Later):
            return value
        if self.choices and value not in self.choices:
            raise Refused(self.name, "is %s, not `%s`" % (" or ".join(self.choices), value),
                          values.did_you_mean(str(value), self.choices))
        if self.check is not None:
            try:
                self.check(value)
            except Refused as refused:
                raise Refused(refused.argument or self.name, refused.what, refused.mend) from None
        return value


def arg(default: Any = MISSING, *, doc: str, choices: Sequence[str] = (),
        check: Optional[Callable[[Any], None]] = None, secret: str = NEVER, controller: str = "",
        literal: bool = False, public: Sequence[str] = ()) -> Any:
    """Declares an argument.

    doc: one sentence or two, shown by `holdfast doc`. choices: the words that are allowed. check: called with the
    value, raises Refused. secret: NEVER (a marked secret is refused here), ALLOWED, ALWAYS (the value is secret even
    if nobody marked it). controller: "file" or "template" for an argument of kind Blob that is written as a path on
    the controller, whose (rendered) content goes to the host; "ansible": the name
    of a module of Ansible. literal: text that a shell reads; outputs of other
    resources are refused in it. public: values that are no secret where all others are (secret ALWAYS): the words for
    "there is none".
    """
    return Arg(default, doc, choices, check, secret, controller, literal, public)


class Field(Record):
    """One difference. before/after: JSON values, or bytes for content that is shown as a text diff; None: absent."""

    name: str
    before: Any
    after: Any


class Change(Record):
    """What `diff` found to be needed.

    action: a verb in the infinitive ("create", "update", "delete", "run", "install" …). fields: what a reader is shown.
    unknown: why a plan cannot say whether anything will be different; "": it can.
    files: what paths will be afterwards (None: absent), so that a plan can look at later resources as if this one had
    been carried out. payload: whatever `converge` needs; stays on the host. later: what else will be so afterwards, by
    identity, for the types that ask `ahead.later` for it. unsure: as far as can be seen it is in state; whether it is
    shows only when it is done (lists are fetched anew), and `came_to_nothing` says what came of it.
    """

    action: str
    fields: Tuple[Field, ...] = ()
    files: Mapping[str, Optional["FileState"]] = {}
    payload: Any = None
    later: Mapping["Identity", Any] = {}
    unknown: str = ""
    unsure: bool = False


Outputs = Dict[str, Any]
Declared = Tuple[str, Dict[str, Any]]  # a type, and the arguments of a resource of it
Identity = Tuple[str, str]  # ("path", "/etc/motd"), ("user", "deploy"), ("package", "nginx"), ("service", "nginx") …


class Resource(Record):
    """Base of all resource types. A subclass is named after its type: `SystemdUnit` is `systemd_unit`.

    The order in a file: arguments, example, check, provides/wants, observe, diff, converge, refresh, pure helpers.
    """

    example: ClassVar[str] = ""
    named: ClassVar[str] = ""  # the argument that the resource's name gives; "": the name is only a label
    blind: ClassVar[bool] = False  # it looks past what is planned before it: a plan for it is told with a caveat then
    barrier: ClassVar[bool] = False  # what else it does cannot be known: a plan for what needs it is told with a caveat
    sways: ClassVar[str] = ""  # a kind of identity: what a plan says of who wants such ones is told with a caveat
    gives: ClassVar[Tuple[str, ...]] = ()  # the names of its outputs, so that a misspelt one is found in the document
    departs: ClassVar[bool] = False  # its deed ends the host's boot: the run goes on after the next one
    told_in_state: ClassVar[Tuple[str, ...]] = ()  # outputs that a report has also where nothing was to be done
    looks_only: ClassVar[str] = NEVER  # does it change nothing: NEVER, ALWAYS, or the argument with which that is so
    refreshes: ClassVar[str] = ""  # what a notification does here ("restart"); "": cannot be notified
    _args_: ClassVar[Dict[str, Arg]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        args: Dict[str, Arg] = {}
        for name in cls._fields_:
            declared = getattr(cls, name, None)
            if not isinstance(declared, Arg):
                raise TypeError("%s.%s: declare it with arg(…)" % (cls.__name__, name))
            declared.name, declared.kind = name, cls._annotations_[name]
            args[name] = declared
        of_base = [name for name in args if name not in vars(cls)]
        order = sorted(args, key=lambda name: (args[name].default is not MISSING, name in of_base))
        cls._args_ = {name: args[name] for name in order}  # what is needed first, its own before those of a base

    def __init__(self, **given: object) -> None:
        """Raises Refused for the first argument that is wrong; `faults` gives all of them."""
        problems, accepted = _accept(type(self), given)
        if problems:
            raise problems[0]
        self.__dict__.update(accepted)
        if not any(isinstance(value, values.Later) for value in accepted.values()):
            self.check()

    def stand_beside(self, first: int) -> None:
        """For plans: those that stand beside the same first one are changed together with it."""
        self.__dict__["_first_beside"] = first

    @property
    def first_beside(self) -> int:
        """Where the first of those stands that are changed together; 0 but in plans."""
        found: int = self.__dict__.get("_first_beside", 0)
        return found

    # -- what a type defines -------------------------------------------------------------------------------------

    def check(self) -> None:
        """Rules between arguments; pure, on the controller, before any host is touched. Raises Refused."""

    def provides(self) -> Sequence[Identity]:
        """What this resource makes or owns, for implied edges and to see two that fight over one thing."""
        return ()

    def wants(self) -> Sequence[Identity]:
        """What has to be there first if the same graph declares it."""
        return ()

    def whole(self) -> Union[str, values.Blob, None]:
        """All that is in the file at the path that it provides, where this resource says that in each run."""
        return None

    def is_removal(self) -> bool:
        """Whether what it provides will be gone afterwards: then nothing has to wait for it."""
        return getattr(self, "state", "present") in ("absent", "purged")

    def is_once(self) -> bool:
        """Whether nothing on the host tells that it has been carried out, so that to carry it out again would be to do
        it twice. A run that is resumed does not repeat it."""
        return False

    def observe(self) -> Any:
        """What is; read-only."""
        raise NotImplementedError(type(self).__name__)

    def diff(self, observed: Any) -> Optional[Change]:
        """Pure: the change that is needed, or None. Refused when it cannot be had on this host as it stands."""
        raise NotImplementedError(type(self).__name__)

    def converge(self, change: Change) -> Optional[Outputs]:
        """Makes it so. May return outputs that only the deed knows (a command's stdout)."""
        raise NotImplementedError(type(self).__name__)

    def undo(self, observed: Any, change: Change) -> Optional[Sequence[Declared]]:
        """What to declare, in this order, to have again what was observed before this change; None: that cannot be had,
        or Failed, which says why; (): there is nothing to take back. Called before the change, on the host: what is
        needed of it (contents, as Blob) can still be read."""
        return None

    def is_provisional(self, observed: Any) -> bool:
        """Whether what was observed hangs on what others do before it: what it is about is not there yet, a guard was
        asked, a service is to answer. A plan then calls it unknown, if it has something to do before: of what this
        needs when nothing is to be done here, of anything when something is."""
        return False

    def remaining(self, change: Change, observed: Any) -> Optional[Change]:
        """What is still different after `converge(change)`; the runner fails the resource if anything is."""
        return self.diff(observed)

    def came_to_nothing(self, change: Change, observed: Any) -> bool:
        """Whether an unsure change that has been carried out has left all as it was. observed: afterwards. Only for
        types that make such changes."""
        raise NotImplementedError(type(self).__name__)

    def refresh(self) -> None:
        """Acts on a notification. Only for types with `refreshes`."""
        raise NotImplementedError(type(self).__name__)

    def needs_refresh(self, change: Optional[Change]) -> bool:
        """Whether a notification has something to do after this change (None: it was in state). A service that the
        change has just started need not be restarted."""
        return True

    def back_s(self) -> float:
        """How long the host may take to be there again. Only for types with `departs`."""
        raise NotImplementedError(type(self).__name__)

    def arrive(self) -> None:
        """Called where the run goes on after the deed of a type with `departs`: waits for what has to be up."""

    def outputs(self, observed: Any) -> Outputs:
        """Values that other resources may use, read from what is."""
        return {}

    @classmethod
    def observe_many(cls, resources: Sequence[Any]) -> List[Any]:
        """The same as observe() for each, where one query can answer for all. An exception may stand for an answer."""
        found: List[Any] = []
        for resource in resources:
            try:
                found.append(resource.observe())
            except Exception as error:  # one resource's trouble is not the others'; the runner reports it
                found.append(error)
        return found

    # A type that can carry out many changes at once defines
    #     converge_many(cls, changes: Sequence[Tuple[Resource, Change]]) -> None
    # it raises when the whole of it failed; the runner then observes each resource to see what came true.
    converge_many: ClassVar[Optional[Callable[..., None]]] = None


def _accept(cls: type, given: Mapping[str, object]) -> Tuple[List[Refused], Dict[str, object]]:
    args: Dict[str, Arg] = cls._args_  # type: ignore[attr-defined]  # a Resource subclass; typed as type for speed
    problems: List[Refused] = []
    accepted: Dict[str, object] = {}
    for name in given:
        if name not in args:
            problems.append(Refused(name, "is not an argument of %s" % type_name(cls),
                                    values.did_you_mean(name, list(args))))
    for name, declared in args.items():
        if name in given:
            try:
                accepted[name] = declared.accept(given[name])
            except Refused as refused:
                problems.append(refused)
        elif declared.default is MISSING:
            problems.append(Refused(name, "is missing", "add `%s:` (%s)" % (name, declared.doc)))
        else:
            accepted[name] = declared.default
    return problems, accepted


def faults(cls: type, given: Mapping[str, object]) -> List[Refused]:
    """Every fault of the arguments, rules between them included (when each is right by itself)."""
    problems, _accepted = _accept(cls, given)
    if not problems:
        try:
            cls(**given)
        except Refused as refused:
            problems.append(refused)
    return problems


def type_name(cls: type) -> str:
    """`SystemdUnit` -> `systemd_unit`."""
    name = cls.__name__
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))



