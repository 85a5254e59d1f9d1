"""Builds typed objects from JSON: by the names and types of a dataclass's fields."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")


def decode(kind: type[T], data: dict[str, Any]) -> T:
    """Builds a `kind` from a JSON object. Keys that it does not know are left out; absent ones are `None`."""
    hints = hints_of(kind)
    values = {name: _value(hint, data.get(name)) for name, hint in hints}
    return kind(**values)


@functools.cache
def hints_of(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    """The fields of a class and their types, in their order."""
    hints = typing.get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in dataclasses.fields(kind) if field.init)


def _value(hint: Any, value: Any) -> Any:
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None:
            return None
        return _value(next(one for one in arguments if one is not type(None)), value)
    if origin is tuple:
        return tuple(_value(arguments[0], one) for one in value or ())
    if origin is dict:
        pairs: dict[str, Any] = value or {}
        return {key: _value(arguments[1], one) for key, one in pairs.items()}
    if value is None:
        return None
    if hint is datetime.datetime:
        return _moment(value)
    if hint is float:
        return float(value)
    if dataclasses.is_dataclass(hint):
        return decode(typing.cast("type[Any]", hint), value)
    return value


def _moment(text: str) -> datetime.datetime:
    """Reads RFC 3339 in UTC; `datetime.fromisoformat` of Python 3.10 knows neither Z nor every fraction."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    moment = datetime.datetime.fromisoformat(whole)
    micros = int(fraction.ljust(6, "0")[:6]) if fraction else 0
    return moment.replace(microsecond=micros, tzinfo=datetime.timezone.utc)
