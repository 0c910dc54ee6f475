"""One JSON object per line on standard error. No text of a sample, prompt or verdict, and no secret, is ever in one."""

import json
import logging
import sys
import time
import traceback
from types import TracebackType

logger = logging.getLogger("footnote_ragas")

FIELDS = (
    "request_id",
    "method",
    "path",
    "status",
    "milliseconds",
    "samples",
    "metrics",
    "usage",
    "code",
    "error",
    "at",
    "url",
)


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line.update({field: value for field in FIELDS if (value := record.__dict__.get(field)) is not None})
        return json.dumps(line, ensure_ascii=False, allow_nan=False)


def configure_logs(level: str) -> None:
    """Only our own logger speaks: ragas, its neighbours and Python's warnings may quote what they work on."""
    root = logging.getLogger()
    root.handlers = [logging.NullHandler()]
    logging.captureWarnings(capture=True)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json())
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(level.upper())


def where(trace: TracebackType | None) -> list[str]:
    """The places of an error without its message and without source lines."""
    frames = traceback.extract_tb(trace)
    return [f"{frame.name}:{frame.lineno}" for frame in frames[-6:]]
