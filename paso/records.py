"""Named tuples that are cheap to define, for every start of the command line.

`typing.NamedTuple` as far as the type checker and the caller can tell. At run time it
costs neither the import of typing (with re and enum a third of what `paso list` may
take) nor the compilation that collections.namedtuple does for each class: measured,
the records of model.py take 22 M instructions instead of 76 M.

Never: be used where a field's type is wanted at run time.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple as NamedTuple
else:
    from _collections import _tuplegetter

    class _Meta(type):
        """Makes the annotated names of a class the fields of its tuples."""

        def __new__(mcls, name, bases, namespace):
            inherited = any(getattr(base, "_fields", ()) for base in bases)
            if not inherited:
                names = tuple(namespace.get("__annotations__", ()))
                namespace["_field_defaults"] = {
                    field: namespace[field] for field in names if field in namespace
                }
                namespace["_fields"] = namespace["__match_args__"] = names
                for place, field in enumerate(names):
                    namespace[field] = _tuplegetter(place, f"Field {place}")
            namespace.setdefault("__slots__", ())
            return type.__new__(mcls, name, bases, namespace)

    class NamedTuple(tuple, metaclass=_Meta):
        """Base of the records."""

        def __new__(cls, *values, **named):
            if named or len(values) != len(cls._fields):
                values = _complete(cls, values, named)
            return tuple.__new__(cls, values)

        @classmethod
        def _make(cls, values):
            made = tuple.__new__(cls, values)
            if len(made) != len(cls._fields):
                raise TypeError(f"{cls.__name__} has {len(cls._fields)} fields")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **named):
            unknown = named.keys() - set(self._fields)
            if unknown:
                raise ValueError(f"no such fields: {sorted(unknown)}")
            return self._make(map(named.get, self._fields, self))

        def __repr__(self):
            pairs = zip(self._fields, self, strict=True)
            fields = ", ".join(f"{name}={value!r}" for name, value in pairs)
            return f"{type(self).__name__}({fields})"

        def __getnewargs__(self):
            return tuple(self)

    def _complete(cls, values, named):
        """Values for all fields: given by place, by name, or by default."""
        missing = cls._fields[len(values) :]
        odd = named.keys() - set(missing)
        if odd or len(values) > len(cls._fields):
            raise TypeError(f"{cls.__name__} does not take {sorted(odd) or values}")
        known = {**cls._field_defaults, **named}
        try:
            return (*values, *[known[name] for name in missing])
        except KeyError as error:
            raise TypeError(f"{cls.__name__} needs {error}") from None
