"""ragas over HTTP, for Footnote's evaluations.

Importing this package first is what keeps ragas and its neighbours from calling home: each reads its switch when it is imported.
"""

import os

__version__ = "0.1.0"

_SWITCHES = {
    # ragas posts an event for every model call otherwise.
    "RAGAS_DO_NOT_TRACK": "true",
    # langchain, which ragas imports, would send runs to a tracing service when these are set.
    "LANGSMITH_TRACING": "false",
    "LANGSMITH_TRACING_V2": "false",
    "LANGCHAIN_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    # The data-set library, which ragas imports too.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
os.environ.update(_SWITCHES)
