"""`python -m footnote_ragas` serves; `python -m footnote_ragas openapi` prints the description of the API."""

import json
import os
import signal
import socket
import sys
from types import FrameType

import uvicorn

from footnote_ragas.app import create_app
from footnote_ragas.logs import configure_logs, logger
from footnote_ragas.settings import ConfigurationError, Settings

GRACE_SECONDS = 20


def openapi_text() -> str:
    return json.dumps(create_app(Settings()).openapi(), indent=2, ensure_ascii=False) + "\n"


def listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    sys.exit(0)


def serve(settings: Settings) -> None:
    configure_logs(settings.log_level)
    # uvicorn drains and then raises the signal again: a stop that was asked for is no failure.
    signal.signal(signal.SIGTERM, stop)
    listener = listen(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    if host not in {"127.0.0.1", "::1"} and settings.token is None:
        logger.warning("anyone who reaches this address can spend at the judge; set RAGAS_TOKEN")
    logger.info("listening", extra={"url": f"http://{shown}:{port}"})
    uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=10,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    ).run(sockets=[listener])


def main(arguments: list[str]) -> int:
    if arguments == ["openapi"]:
        sys.stdout.write(openapi_text())
        return 0
    if arguments:
        sys.stderr.write("usage: python -m footnote_ragas [openapi]\n")
        return 2
    try:
        serve(Settings.read(os.environ))
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"The address cannot be listened on ({error.strerror}); set RAGAS_HOST and RAGAS_PORT.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
