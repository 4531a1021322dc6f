"""The check of the image reads the Dockerfile and .dockerignore as an engine does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.image.build import Build
from tests.tools.image.dockerfile import Ignored, instructions
from tests.tools.image.errors import CheckError
from tests.tools.image.stage import Stage, stand_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("FROM a AS b\nUSER 1:1\n", [("FROM", "a AS b"), ("USER", "1:1")], id="two"),
        pytest.param("RUN a \\\n && b\n", [("RUN", "a   && b")], id="goes on in the next line"),
        pytest.param("RUN a \\ \n b", [("RUN", "a   b")], id="blanks behind the backslash"),
        pytest.param("# no\n  # no\n\nRUN a # yes", [("RUN", "a # yes")], id="comments, blanks"),
        pytest.param("RUN a \\\n# no\n b", [("RUN", "a   b")], id="a comment between the lines"),
        pytest.param("CMD", [("CMD", "")], id="nothing behind the word"),
        pytest.param("RUN a\\nb", [("RUN", "a\\nb")], id="a backslash inside a line"),
    ],
)
def test_reads_instructions(text: str, found: list[tuple[str, str]]) -> None:
    """One by one, each on one line, without comments."""
    assert list(instructions(text)) == found


@given(st.text())
def test_any_text_is_instructions(text: str) -> None:
    """What they mean is asked later; each has a word, and fits on a line."""
    for word, rest in instructions(text):
        assert word
        assert "\n" not in word + rest


RULES = """
# Comments are no rules.
*
!web
!lock
web/dist
**/cache
!**/cache/kept
web/*.log
"""


@pytest.mark.parametrize(
    ("path", "ignored"),
    [
        pytest.param("secrets", True, id="everything is ignored"),
        pytest.param("# Comments are no rules.", True, id="by the star, not by a comment"),
        pytest.param("lock", False, id="but what a later rule takes back"),
        pytest.param("web/src/main.ts", False, id="with all that is in it"),
        pytest.param("web/dist", True, id="but what a still later rule names"),
        pytest.param("web/dist/index.html", True, id="with all that is in it, too"),
        pytest.param("web/src/dist", False, id="only from the root"),
        pytest.param("web/a/cache/b", True, id="two stars: at any depth"),
        pytest.param("web/cache", True, id="or none"),
        pytest.param("web/a/cache/kept", False, id="two stars, taken back"),
        pytest.param("web/a.log", True, id="a star in a name"),
        pytest.param("web/a/b.log", False, id="does not match a slash"),
        pytest.param("website", True, id="the beginning of a name is another name"),
    ],
)
def test_the_last_rule_that_matches_wins(path: str, ignored: bool) -> None:  # noqa: FBT001 - a table
    """A .dockerignore is read from top to bottom."""
    assert (path in Ignored(RULES)) is ignored


def test_refuses_rules_that_it_would_misread() -> None:
    """Rather than to copy what an engine would not."""
    with pytest.raises(CheckError, match="teach it"):
        Ignored("web/**/cache")


def test_only_what_the_dockerfile_needs_reaches_the_engine() -> None:
    """No secret, no history, nothing that was built here."""
    ignored = Ignored((Path(__file__).parents[2] / ".dockerignore").read_text(encoding="utf-8"))
    needed = ("pyproject.toml", "requirements.lock", "sfu/__main__.py", "clients/web/index.html")
    assert [path for path in needed if path in ignored] == []
    unneeded = (
        ".git/config",
        ".venv/bin/python",
        "config/token/scrape",
        "clients/web/node_modules/vite",
        "clients/web/dist/index.html",
        "sfu/wire/__pycache__/rtp.pyc",
    )
    assert [path for path in unneeded if path not in ignored] == []


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        pytest.param("/etc/hosts", "/roots/a/etc/hosts", id="absolute"),
        pytest.param("sfu", "/roots/a/app/sfu", id="below the folder"),
        pytest.param("./", "/roots/a/app", id="the folder itself"),
        pytest.param("../../../x", "/roots/a/x", id="never above the root"),
    ],
)
def test_paths_stay_in_the_stage(inside: str, outside: str) -> None:
    """Whatever a Dockerfile says, it is said of the stage's file system."""
    assert Stage(Path("/roots/a"), folder="/app").path(inside) == Path(outside)


@pytest.mark.parametrize("image", ["scratch", "golang:1.24-bookworm", "python:3.11", "debian:12"])
def test_says_what_it_has_no_stand_in_for(image: str, tmp_path: Path) -> None:
    """Instead of testing something else."""
    with pytest.raises(CheckError, match=image):
        stand_in(image, tmp_path)


STEPS = """
FROM python:3.11-slim-bookworm
WORKDIR /app
COPY lock ./
COPY web page
ENV SFU_HTTP_HOST=0.0.0.0 WORDS="two words"
EXPOSE 8080/tcp 10000/udp
USER 1:2
STOPSIGNAL SIGINT
HEALTHCHECK --interval=15s CMD ["true"]
ENTRYPOINT ["python", "-m", "sfu"]
CMD ["serve"]
"""


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """A build in a small repository; no Debian is fetched, so nothing can be run in its stage."""
    monkeypatch.setattr("tests.tools.image.build.stand_in", lambda _image, root: Stage(root))
    (tmp_path / ".dockerignore").write_text(RULES, encoding="utf-8")
    for name in ("lock", "secret", "web/main.ts", "web/dist/index.html", "web/a/cache/b"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    return Build(tmp_path, tmp_path / "roots", lambda _words: None)


def test_carries_out_the_steps(build: Build) -> None:
    """What is copied is there, without what is ignored; what is said of the image is kept."""
    stage = build.carry_out(STEPS)
    files = {path.relative_to(stage.root) for path in stage.root.rglob("*") if path.is_file()}
    assert files == {Path("app/lock"), Path("app/page/main.ts")}
    assert stage.environment == {"SFU_HTTP_HOST": "0.0.0.0", "WORDS": "two words"}  # noqa: S104
    assert stage.ports == {"8080/tcp", "10000/udp"}
    assert (stage.user, stage.stop_signal, stage.health) == ("1:2", "SIGINT", ["true"])
    assert [*stage.entrypoint, *stage.command] == ["python", "-m", "sfu", "serve"]


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        pytest.param("ADD lock ./", "ADD is not known", id="an instruction that is not ours"),
        pytest.param("COPY secret ./", "keeps secret out", id="a copy of what is ignored"),
        pytest.param("CMD python -m sfu", "Not a list", id="a command that a shell would run"),
    ],
)
def test_complains_in_a_sentence(build: Build, step: str, complaint: str) -> None:
    """What an engine would refuse, or what this check cannot do."""
    with pytest.raises(CheckError, match=complaint):
        build.carry_out(f"FROM python:3.11-slim-bookworm\nWORKDIR /app\n{step}\n")
