"""The configuration: environment variables, parsed once, all errors at once, values of secrets never in them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic.networks import AnyHttpUrl

PREFIX = "RAGAS_"


class ConfigurationError(Exception):
    """The environment cannot be used; `problems` says why, one line each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        count = "an error" if len(problems) == 1 else f"{len(problems)} errors"
        super().__init__("\n".join([f"The configuration has {count}:", *(f"  {problem}" for problem in problems)]))


def _base_url(value: str) -> str:
    url = AnyHttpUrl(value)
    if url.query or url.fragment or url.username or url.password:
        raise ValueError("must have neither credentials, query nor fragment")
    return value.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_base_url)]


class Endpoint(BaseModel):
    """An OpenAI-compatible server and the model asked there."""

    model_config = ConfigDict(frozen=True)

    url: str
    model: str
    api_key: SecretStr


class Settings(BaseModel):
    """One field per variable, named as the variable without its prefix and in lower case."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=8790, ge=0, le=65_535)
    token: SecretStr | None = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    judge_url: BaseUrl | None = None
    judge_model: str | None = None
    judge_api_key: SecretStr | None = None
    # ragas's own 1,024 cuts off the verdicts of a long answer.
    judge_max_tokens: int = Field(default=4096, ge=64, le=128_000)
    embeddings_url: BaseUrl | None = None
    embeddings_model: str | None = None
    embeddings_api_key: SecretStr | None = None

    max_samples: int = Field(default=64, ge=1, le=10_000)
    max_body_bytes: int = Field(default=4 * 1024 * 1024, ge=1024, le=1024**3)
    max_text_chars: int = Field(default=20_000, ge=100, le=1_000_000)
    max_contexts: int = Field(default=50, ge=1, le=1000)
    max_requests: int = Field(default=8, ge=1, le=1000)
    concurrency: int = Field(default=8, ge=1, le=256)
    sample_timeout_seconds: float = Field(default=60, gt=0, le=3600, allow_inf_nan=False)
    request_timeout_seconds: float = Field(default=300, gt=0, le=24 * 3600, allow_inf_nan=False)

    @property
    def judge(self) -> Endpoint | None:
        return _endpoint(self.judge_url, self.judge_model, self.judge_api_key)

    @property
    def embeddings(self) -> Endpoint | None:
        return _endpoint(self.embeddings_url, self.embeddings_model, self.embeddings_api_key)

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Self:
        """Reads `RAGAS_*`; a secret may stand in a file that `<NAME>_FILE` names. An empty variable counts as unset."""
        problems: list[str] = []
        values: dict[str, str] = {}
        for field in cls.model_fields:
            name = PREFIX + field.upper()
            direct = variables.get(name)
            file = variables.get(f"{name}_FILE") if field in SECRETS else None
            if direct and file:
                problems.append(f"{name}: set either {name} or {name}_FILE, not both")
            elif direct:
                values[field] = direct
            elif file:
                try:
                    values[field] = Path(file).read_text(encoding="utf-8").strip()
                except (OSError, UnicodeDecodeError):
                    problems.append(f"{name}_FILE: the file it names cannot be read")
                else:
                    if not values[field]:
                        problems.append(f"{name}_FILE: the file it names is empty")
        for kind in ("JUDGE", "EMBEDDINGS"):
            present = {part: f"{kind}_{part}".lower() in values for part in ("URL", "MODEL")}
            if present["URL"] != present["MODEL"]:
                given, missing = ("URL", "MODEL") if present["URL"] else ("MODEL", "URL")
                problems.append(f"{PREFIX}{kind}_{missing}: is needed beside {PREFIX}{kind}_{given}")
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            problems.extend(f"{PREFIX}{str(issue['loc'][0]).upper()}: {issue['msg']}" for issue in error.errors())
            raise ConfigurationError(problems) from None
        if problems:
            raise ConfigurationError(problems)
        return settings


SECRETS = frozenset({"token", "judge_api_key", "embeddings_api_key"})


def _endpoint(url: str | None, model: str | None, key: SecretStr | None) -> Endpoint | None:
    if url is None or model is None:
        return None
    # Local servers ask for none, the client library insists on one.
    return Endpoint(url=url, model=model, api_key=key or SecretStr("none"))
