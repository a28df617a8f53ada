"""Holds requests and answers of the stand-in against the service models that botocore itself is made of.

It knows no operation by name: what a request must and may hold is read from those models.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

_VALIDATOR = ParamValidator()


class Refused(Exception):
    """An answer that is an error: HTTP status, the service's name for it, its words."""

    def __init__(self, status: int, code: str, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.code = code


@cache
def operation(service: str, name: str) -> OperationModel:
    """The model of an operation. Raises botocore's OperationNotFoundError."""
    return _service(service).operation_model(name)


@cache
def _service(name: str) -> Any:
    return botocore.session.get_session().get_service_model(name)


def judged(service: str, name: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The request, if the model has such a one. Raises Refused."""
    fault = _fault(request, operation(service, name).input_shape)
    if fault:
        raise Refused(400, "BadRequestException" if service == "sesv2" else "InvalidParameter", fault)
    return request


def answered(service: str, name: str, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer; an AssertionError when the model has no such one: the stand-in itself is wrong."""
    fault = _fault(answer, operation(service, name).output_shape)
    assert not fault, f"{service} {name} never answers so: {fault}"
    return answer


def error(service: str, name: str, code: str, words: str) -> Refused:
    """An error that the operation may answer, with its HTTP status."""
    shapes = {shape.name: shape for shape in operation(service, name).error_shapes}
    assert code in shapes, f"{service} {name} never answers {code}"
    return Refused(int(shapes[code].metadata.get("error", {}).get("httpStatusCode", 400)), code, words)


def _fault(value: Mapping[str, Any], shape: Shape | None) -> str:
    """What is wrong with a value, or nothing."""
    if shape is None:
        return f"unknown: {', '.join(value)}" if value else ""
    unknown = _unknown(value, shape, "")
    if unknown:
        return f"unknown: {unknown}"
    report = _VALIDATOR.validate(value, shape)
    return str(report.generate_report()) if report.has_errors() else ""


def _unknown(value: Any, shape: Shape, at: str) -> str:
    """The first key that the model does not know: botocore's own check lets them pass."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        for key, inner in value.items():
            if key not in shape.members:
                return f"{at}{key}"
            found = _unknown(inner, shape.members[key], f"{at}{key}.")
            if found:
                return found
    if shape.type_name == "list" and isinstance(value, list):
        return next((found for found in (_unknown(one, shape.member, at) for one in value) if found), "")
    return ""
