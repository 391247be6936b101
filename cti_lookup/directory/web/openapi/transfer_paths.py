"""The paths of imports and exports."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from cti_lookup.directory.transfer.columns import Kind
from cti_lookup.directory.web.openapi.answers import empty_answer, headers, json_answer, json_content, usual
from cti_lookup.directory.web.openapi.operations import Operation, reading
from cti_lookup.directory.web.openapi.parameters import TIME_PATTERN, text_in_path
from cti_lookup.directory.web.openapi.schemas import ref
from cti_lookup.directory.web.openapi.values import TIME, Schema

Path = tuple[str, Mapping[str, Operation]]

_KINDS: Final = [kind.value for kind in Kind]
_COUNTS: Final = ("created", "updated", "deleted", "unchanged", "failures", "errors")
_TOKEN: Final[Schema] = MappingProxyType({"type": "string", "pattern": "^[0-9a-f]{32}$"})
_JOB: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "state": {"enum": ["queued", "processing", "done", "error"]},
        "message": {"type": "string", "description": "What went wrong."},
        "line": {"type": "string", "pattern": "^[0-9]+$", "description": "Where it went wrong."},
        "results": {
            "type": "object",
            "properties": {name: {"type": "integer", "minimum": 0} for name in _COUNTS},
            "required": list(_COUNTS),
            "additionalProperties": False,
        },
    }
)
_LISTED: Final[Schema] = MappingProxyType(
    {"type": "string", "pattern": f"^({'|'.join(_KINDS)})(,({'|'.join(_KINDS)}))*$"}
)
_SINCE: Final[Schema] = MappingProxyType({"type": "string", "pattern": f"^({TIME_PATTERN})?$"})
_ADDRESS: Final[Schema] = MappingProxyType({"type": "string", "format": "uri"})


def _job(more: Mapping[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    return {
        "type": "object",
        "properties": {**_JOB, **more},
        "required": ["state", *required],
        "additionalProperties": False,
    }


TRANSFER_SCHEMAS: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "JobToken": {
            "type": "object",
            "properties": {"token": _TOKEN},
            "required": ["token"],
            "additionalProperties": False,
        },
        "Import": _job({"logfile": _ADDRESS}),
        "ImportInList": _job(
            {"logfile": _ADDRESS, "token": _TOKEN, "type": {"enum": _KINDS}, "created_at": TIME},
            ("token", "type", "created_at"),
        ),
        "Export": _job({"url": _ADDRESS}),
        "ImportRequest": {
            "type": "object",
            "properties": {
                "type": {"type": "string", "enum": _KINDS},
                "file": {
                    "type": "string",
                    "contentMediaType": "text/csv",
                    "description": "UTF-8 or UTF-16 with titles in the first line, commas or tabs between cells.",
                },
            },
            "required": ["type", "file"],
        },
        "ExportRequest": {
            "type": "object",
            "properties": {
                "type": {
                    "description": "What to export; several with commas between them, or a list.",
                    "anyOf": [_LISTED, {"type": "array", "minItems": 1, "items": {"enum": _KINDS}}],
                },
                "from": {
                    "description": "Only what has changed since.",
                    "anyOf": [_SINCE, {"type": "null"}],
                },
                "export_format": {"enum": ["csv", "", None]},
                "line_separator": {"enum": ["lf", "crlf", "", None]},
                "locale": {"description": "Passed over."},
            },
            "required": ["type"],
        },
        "ExportForm": {
            "type": "object",
            "properties": {
                "type": _LISTED,
                "from": _SINCE,
                "export_format": {"enum": ["csv", ""]},
                "line_separator": {"enum": ["lf", "crlf", ""]},
                "locale": {"type": "string", "description": "Passed over."},
            },
            "required": ["type"],
        },
    }
)


def transfer_paths() -> Iterator[Path]:
    """Describe the paths under the prefix of the API."""
    listed: Schema = {"type": "array", "items": ref("ImportInList")}
    imports = reading("listImports", "The last imports, the newest first.", "transfer", listed)
    yield "/import", {"get": imports, "post": _start_import()}
    token = text_in_path("token")
    shown = reading("showImport", "The state of an import.", "transfer", ref("Import"))
    yield "/import/{token}", {"get": shown.at(token)}
    yield "/export", {"post": _start_export()}
    shown = reading("showExport", "The state of an export.", "transfer", ref("Export"))
    yield "/export/{token}", {"get": shown.at(token)}


def download_paths() -> Iterator[Path]:
    """Describe where files are to be had, which has no prefix."""
    file = {"schema": {"type": "string"}}
    content = {"text/csv": file, "application/zip": file}
    answer = {
        "description": "The file.",
        "headers": headers("Content-Disposition"),
        "content": content,
    }
    summary = "The file of a job, for whoever knows its address."
    download = Operation("downloadFile", summary, "transfer", {"200": answer, **usual("503")}, guarded=False)
    variables = [text_in_path(name) for name in ("token", "key", "name")]
    yield "/downloads/{token}/{key}/{name}", {"get": download.at(*variables)}


def _start_import() -> Operation:
    content = {
        "multipart/form-data": {
            "schema": ref("ImportRequest"),
            "encoding": {"file": {"contentType": "text/csv"}},
        }
    }
    answers = {"200": json_answer("The token to ask by.", ref("JobToken")), **usual("400", "422")}
    body = {"required": True, "content": content}
    return Operation("startImport", "Import a file.", "transfer", answers, body=body)


def _start_export() -> Operation:
    schema, form = ref("ExportRequest"), ref("ExportForm")
    forms = {name: {"schema": form} for name in ("multipart/form-data", "application/x-www-form-urlencoded")}
    answers = {
        "200": json_answer("The token to ask by.", ref("JobToken")),
        "204": empty_answer("There is nothing to export."),
        **usual("400", "422"),
    }
    body = {"required": True, "content": {**json_content(schema), **forms}}
    return Operation("startExport", "Begin an export.", "transfer", answers, body=body)
