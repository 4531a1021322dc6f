"""The benchmark of visibility: what it leaves out of the tagger, and nothing else."""

import ast
import subprocess
import sys
from pathlib import Path

import sfu.media.tagger
from benchmarks.visibility.uncounted import COUNTED, Remover

ROOT = Path(__file__).resolve().parents[3]
STUB = """
from benchmarks.visibility.uncounted import install
install()
from sfu.media.codec import Codec
from sfu.media.layers import Ladder
from sfu.media.tagger import Tagger
from tests.support.recorded import tagged
from sfu_clients.recordings.recording import load_recording
assert not hasattr(Tagger(Codec.VP9, Ladder()), "_payloads_read")
packets = load_recording("vp9-l3t3-key").streams[0].packets[:50]
print(hash(str(tagged("VP9", packets))))
"""


def test_the_tagger_without_its_counter_differs_in_nothing_else() -> None:
    """Only assignments to one attribute are gone."""
    source = Path(sfu.media.tagger.__file__).read_text(encoding="utf-8")
    remover = Remover()
    left = ast.unparse(remover.visit(ast.parse(source))).splitlines()
    whole = ast.unparse(ast.parse(source)).splitlines()
    gone = [line for line in whole if f"self.{COUNTED} = " in line]
    assert remover.removed == len(gone) > 1
    assert left == [line for line in whole if line not in gone]


def test_it_tags_as_the_one_with_it() -> None:
    """In a process of its own, before anybody imports the other."""
    both = [
        subprocess.run(  # noqa: S603 - our own
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PYTHONPATH": f"{ROOT}:{ROOT}/clients/python", "PYTHONHASHSEED": "0"},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for code in (STUB, STUB.replace("install()\n", "").replace("assert not", "assert"))
    ]
    assert both[0] == both[1] != b""
