"""Jinja2 as documents use it: sandboxed, strict about what is undefined, with Ansible's usual filters."""
from __future__ import annotations

import functools
import itertools
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from pathlib import Path
from typing import Any, NoReturn, Protocol

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from holdfast.compiler import bounds
from holdfast.compiler.faults import KnownLater, Misused, NotDefined
from holdfast.compiler.filters import FILTERS, TESTS
from holdfast.compiler.generator import BoundedCode
from holdfast.compiler.later import Pending, Registered, is_marked
from holdfast.compiler.secret import Secrets, SecretText, derive, refuse_shown

_ARGUMENTS = re.compile(r"positional argument|unexpected keyword argument|multiple values for argument")
_DATA = (str, list, tuple, Mapping)
_CALL = 10  # steps that a call counts for
_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "gteq": operator.ge, "lt": operator.lt,
    "lteq": operator.le, "in": lambda one, all_: one in all_, "notin": lambda one, all_: one not in all_}
_LATER_MAY_PASS = frozenset({"default", "d", "mandatory", "defined", "undefined", "none"})
_SAYS_NOTHING = frozenset({"default", "d", "mandatory", "ternary", "length", "count", "type_debug", "bool"})


class Names(Protocol):
    """What the environment asks of the one who renders."""

    secrets: Secrets
    spent: bounds.Spent

    def name(self, key: str) -> Any:
        """A variable's value, or `missing`."""

    def find_template(self, name: str, beside: str) -> Path:
        """Where a template of this name is. Raises Misused."""

    def read_template(self, path: Path) -> str:
        """Its text. Raises Misused."""

    def lookup(self, what: str, *names: str) -> Any:
        """`lookup('file', …)` in templates."""


class NotThere(jinja2.StrictUndefined):
    """What is not defined. Whatever is done with it raises NotDefined; `is defined` and `default` see it."""

    def refuse(self, *_: object, **__: object) -> NoReturn:
        if self._undefined_exception is not jinja2.UndefinedError:
            if issubclass(self._undefined_exception, SecurityError):
                raise SecurityError(self._undefined_message)
            raise Misused(self._undefined_hint or str(self._undefined_message))
        if self._undefined_name is None:  # `first` of nothing, say
            raise Misused((self._undefined_hint or "this is not there").rstrip(".").lower(),
                          "write `… | default(…)`, or see that there is something")
        raise NotDefined(str(self._undefined_name), None if self._undefined_obj is missing else self._undefined_obj,
                         self._undefined_hint or "")

    _fail_with_undefined_error = refuse
    __getattr__ = __getitem__ = __call__ = refuse
    __str__ = __len__ = __iter__ = __bool__ = __hash__ = __contains__ = refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __mod__ = __rmod__ = refuse
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __pow__ = __rpow__ = refuse
    __neg__ = __pos__ = __int__ = __float__ = __complex__ = refuse


class LazyContext(Context):
    """Looks up variables when they are read, and only those."""

    def resolve_or_missing(self, key: str) -> Any:
        if key in self.vars:
            return self.vars[key]
        if key in self.parent and key not in self.environment.globals:
            return self.parent[key]  # a name of the template that includes this one
        found = self.environment.names.name(key)  # type: ignore[attr-defined]
        return self.parent.get(key, missing) if found is missing else found


class _Template(jinja2.Template):
    def _get_default_module(self, ctx: Context | None = None) -> Any:
        return self.make_module()  # Jinja would keep it, with the values of the first host


class _Files(jinja2.BaseLoader):
    def get_source(self, environment: jinja2.Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        names: Names = environment.names  # type: ignore[attr-defined]
        try:
            text = names.read_template(Path(template))
        except Misused:  # named by a text of a document, from whose folder it is looked for
            text = names.read_template(names.find_template(template, ""))
        return text, template, lambda: True


class Environment(ImmutableSandboxedEnvironment):
    """names: who gives values to names; set once."""

    context_class = LazyContext
    template_class = _Template
    code_generator_class = BoundedCode
    intercepted_binops = frozenset({"*", "**", "+", "%"})
    tupled = staticmethod(bounds.of_tuple)
    concat = staticmethod(bounds.joined)  # as Jinja2 joins what a template gives

    def __init__(self, names: Names) -> None:
        super().__init__(undefined=NotThere, finalize=self._finalized, loader=_Files(), keep_trailing_newline=True,
                         trim_blocks=True, cache_size=-1, auto_reload=False,
                         optimized=False,  # what is constant would be worked out without these bounds
                         extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
        self.names = names
        filters: dict[str, Any] = {**self.filters, **FILTERS}
        tests: dict[str, Any] = {**self.tests, **TESTS}
        self.filters = {name: self._guarded(name, one) for name, one in filters.items()}
        self.tests = {name: self._guarded(name, one) for name, one in tests.items()}
        for alias, name in (("d", "default"), ("count", "length")):
            self.filters[alias] = self.filters[name]
        self.globals = {"range": self._range, "dict": dict, "namespace": jinja2.utils.Namespace,
                        "lookup": names.lookup}

    def join_path(self, template: str, parent: str) -> str:
        return str(self.names.find_template(template, parent))

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Keys of mappings first: `app.items` is the key `items` if there is one."""
        if isinstance(obj, Registered):
            return obj.output(attribute)
        if isinstance(obj, Mapping):
            try:
                return obj[attribute]
            except KeyError:
                pass
        elif isinstance(obj, Pending):
            obj.refuse()
        return super().getattr(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Registered):
            return obj.output(str(argument))
        bounds.of_comparison(argument, obj)
        if isinstance(obj, SecretText):
            part = obj[argument]
            self.names.secrets[str(part)] = part.name
            return part
        return super().getitem(obj, argument)

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Methods of texts are followed like filters."""
        self.names.spent.count(_CALL)
        name = getattr(obj, "__name__", "")
        owner = getattr(getattr(obj, "__wrapped__", obj), "__self__", None)  # `format` comes wrapped by the sandbox
        if isinstance(owner, str):
            bounds.of_call(name, (owner, *args), kwargs)
        elif owner is not None and args:  # `list.index(x)`, `mapping.get(x)`
            bounds.of_comparison(args[0], owner)
        try:
            made = self.names.spent.keep(bounds.of_result(super().call(context, obj, *args, **kwargs)))
        except Exception as error:
            refuse_shown(error, [one for one in (owner, *args) if isinstance(one, str)], name, self.names.secrets)
            raise
        if isinstance(owner, str):
            if is_marked(owner):
                raise KnownLater("an output")
            if self.names.secrets:
                derive(made, (owner, *args), obj.__name__, self.names.secrets)
        return made

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        bounds.of_binop(operator, left, right)
        return self.names.spent.keep(super().call_binop(context, operator, left, right), is_shared=True)

    def compared(self, left: Any, *rest: tuple[str, Callable[[], Any]]) -> Any:
        """`a < b <= c`: each part is looked at once, and only as long as the ones before are true."""
        held: Any = True
        for operand, look in rest:
            right = look()
            bounds.of_comparison(left, right)
            held = _OPERATORS[operand](left, right)
            if not held:
                break
            left = right
        return held

    def joined(self, parts: Iterable[Any]) -> str:
        """`a ~ b`."""
        made: str = self.names.spent.keep(bounds.joined(bounds.texts(parts)))
        return made

    def counted(self, value: Any) -> Any:
        """What a loop goes through, with its steps noted."""
        if not isinstance(value, (Undefined, Sized)) and isinstance(value, Iterable):
            value = list(itertools.islice(value, bounds.LONGEST + 1))
        self.names.spent.count(bounds.size_of(value) if not isinstance(value, Undefined) else 0)
        return value

    def _finalized(self, value: Any) -> Any:
        """What `{{ … }}` puts into a text: nothing for null, as in Ansible."""
        if value is None:
            return ""
        if isinstance(value, Pending):
            return value.mark()
        if self.names.secrets and isinstance(value, (list, tuple, dict)):
            for secret in list(self.names.secrets):  # in the text of a list it stands with escapes
                self.names.secrets.setdefault(repr(str(secret))[1:-1], self.names.secrets[secret])
            bounds.weigh(value)
            return repr(_bare(value))
        if isinstance(value, (list, tuple, dict)):
            bounds.weigh(value)
        return value

    def _range(self, *numbers: int) -> range:
        made = range(*numbers)
        if len(made) > bounds.LONGEST:
            raise Misused(f"`range` counts to {bounds.LONGEST} at most", "loop over less", "range")
        self.names.spent.count(len(made))
        return made

    def _guarded(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A filter or test that refuses what is known only on the host, and follows secrets."""

        passes_context = getattr(function, "jinja_pass_arg", None) is not None

        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            for value in args:
                if isinstance(value, (Pending, Registered)) and name not in _LATER_MAY_PASS:
                    value.refuse()
                if isinstance(value, str) and is_marked(value):
                    raise KnownLater("an output")
            args = tuple([self.counted(one) if isinstance(one, Iterator) else one for one in args])
            bounds.of_call(name, args[1:] if passes_context else args, kwargs)
            secrets = self.names.secrets
            try:
                made = self.names.spent.keep(bounds.of_result(function(*args, **kwargs)))
            except Exception as error:
                refuse_shown(error, [one for one in args if isinstance(one, _DATA)], name, secrets)
                if isinstance(error, TypeError) and _ARGUMENTS.search(str(error)):
                    raise Misused(f"`{name}` is given the wrong arguments", "look at docs/reference/filters.md",
                                  name) from None
                raise
            if secrets and name not in _SAYS_NOTHING and not isinstance(made, bool):
                if isinstance(made, Iterator):
                    made = list(made)
                derive(made, [one for one in args if isinstance(one, _DATA)], name, secrets)
            return made

        return guarded


def _bare(value: Any) -> Any:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {_bare(key): _bare(inner) for key, inner in value.items()}
    return [_bare(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def is_undefined(value: object) -> bool:
    """Is it what Jinja gives for what is not there?"""
    return isinstance(value, Undefined)
