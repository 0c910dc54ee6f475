"""The environment, read once, with every error at once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote_ragas.__main__ import listen, main, openapi_text
from footnote_ragas.settings import ConfigurationError, Settings


def problems(variables: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        Settings.read(variables)
    return [problem.split(":")[0] for problem in caught.value.problems]


def test_nothing_set_is_a_local_service_without_models() -> None:
    settings = Settings.read({"RAGAS_TOKEN": "", "OTHER": "x"})
    assert (settings.host, settings.port, settings.token, settings.judge, settings.embeddings) == ("127.0.0.1", 8790, None, None, None)


def test_a_judge_needs_an_address_and_a_model_and_may_lack_a_key() -> None:
    settings = Settings.read({"RAGAS_JUDGE_URL": "http://localhost:11434/v1/", "RAGAS_JUDGE_MODEL": "m"})
    assert settings.judge is not None
    assert settings.judge.url == "http://localhost:11434/v1"
    assert settings.judge.api_key.get_secret_value() == "none"
    assert problems({"RAGAS_JUDGE_URL": "http://localhost/v1"}) == ["RAGAS_JUDGE_MODEL"]
    assert problems({"RAGAS_EMBEDDINGS_MODEL": "m"}) == ["RAGAS_EMBEDDINGS_URL"]


def test_all_errors_come_at_once_without_the_values_of_secrets(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    variables = {
        "RAGAS_PORT": "many",
        "RAGAS_JUDGE_URL": "http://user:sesame@host/v1",
        "RAGAS_JUDGE_API_KEY": "sesame",
        "RAGAS_JUDGE_API_KEY_FILE": "/run/secrets/sesame",
        "RAGAS_EMBEDDINGS_API_KEY_FILE": str(tmp_path / "absent"),
        "RAGAS_TOKEN_FILE": str(empty),
        "RAGAS_SAMPLE_TIMEOUT_SECONDS": "nan",
        "RAGAS_LOG_LEVEL": "loud",
    }
    assert sorted(problems(variables)) == [
        "RAGAS_EMBEDDINGS_API_KEY_FILE",
        "RAGAS_JUDGE_API_KEY",
        "RAGAS_JUDGE_MODEL",
        "RAGAS_JUDGE_URL",
        "RAGAS_LOG_LEVEL",
        "RAGAS_PORT",
        "RAGAS_SAMPLE_TIMEOUT_SECONDS",
        "RAGAS_TOKEN_FILE",
    ]
    with pytest.raises(ConfigurationError) as caught:
        Settings.read(variables)
    assert str(caught.value).startswith("The configuration has 8 errors:\n")
    assert "sesame" not in str(caught.value)


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("sesame\n")
    settings = Settings.read({"RAGAS_TOKEN_FILE": str(file)})
    assert settings.token is not None
    assert settings.token.get_secret_value() == "sesame"
    assert "sesame" not in repr(settings)


@given(st.dictionaries(st.sampled_from([f"RAGAS_{name.upper()}" for name in Settings.model_fields]), st.text(max_size=20)))
def test_any_environment_is_read_or_refused(variables: dict[str, str]) -> None:
    try:
        settings = Settings.read(variables)
    except ConfigurationError as error:
        assert error.problems
    else:
        assert (settings.judge is None) == (settings.judge_url is None)


def test_the_program_says_what_is_wrong_and_stops(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["sing"]) == 2
    monkeypatch.setenv("RAGAS_PORT", "x")
    assert main([]) == 1
    assert "RAGAS_PORT" in capsys.readouterr().err
    assert main(["openapi"]) == 0
    assert capsys.readouterr().out == openapi_text()


def test_a_taken_address_is_an_error_of_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with listen("127.0.0.1", 0) as taken:
        monkeypatch.setenv("RAGAS_PORT", str(taken.getsockname()[1]))
        assert main([]) == 1
    assert "RAGAS_PORT" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-uv.txt"])
def test_locks_name_hashes_and_no_address(name: str) -> None:
    lock = (Path(__file__).parent.parent / name).read_text(encoding="utf-8")
    assert "://" not in lock
    assert "--index" not in lock
    pinned = [line for line in lock.splitlines() if "==" in line and not line.lstrip().startswith("#")]
    assert pinned
    assert all(line.endswith("\\") for line in pinned)


def test_what_runs_and_what_is_tested_are_locked_to_the_same_versions() -> None:
    folder = Path(__file__).parent.parent

    def pins(name: str) -> set[str]:
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        return {line.removesuffix("\\").strip() for line in lines if "==" in line and not line.startswith((" ", "#"))}

    assert pins("requirements.txt") < pins("requirements-dev.txt")
