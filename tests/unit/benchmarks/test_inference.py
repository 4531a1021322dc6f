"""The benchmark of inference: labels, scores and models are what they are said to be."""

import json
import math
from array import array
from pathlib import Path
from random import Random

import pytest

from benchmarks.inference.attackers import adapted, built_in, level_rows, strong_rows
from benchmarks.inference.browsers import labelled
from benchmarks.inference.fitting import fit
from benchmarks.inference.observed import Observed, Packet, slots
from benchmarks.inference.plot import draw
from benchmarks.inference.scores import Found, confusion, match
from benchmarks.inference.scripts import VOICES, sentences
from benchmarks.inference.speech import PIECE, Talk, labels
from benchmarks.inference.table import BEGIN, END, PAGE, tables
from benchmarks.inference.wire import Seen
from sfu.visibility.sheet import ACTIVITY

RESULTS = Path(__file__).parents[3] / "benchmarks" / "results" / "inference.json"


def talk(seed: int, *, step: int, told: bool = True) -> Observed:
    """A minute in which speech is `step` bytes larger than silence, in turns of two seconds."""
    random = Random(seed)  # noqa: S311
    packets = []
    for number in range(3000):
        speech = number // 100 % 2 == 1
        size = 100 + step * speech + random.randrange(5)
        level = {"1": 30 if speech else 90} if told else {}
        packets.append(Packet(number * 0.02, size, speech, level))
    return Observed(
        mode="hop",
        mitigation="none",
        split="train",
        kind="audio",
        noise=None,
        packets=packets,
        key_frames=[],
        changes=[],
    )


def test_an_attacker_finds_what_sizes_tell_and_nothing_where_they_tell_nothing() -> None:
    """Who is strong finds more than chance; of equal sizes, nobody."""
    for step, least, most in ((20, 0.9, 1.0), (0, 0.4, 0.6)):
        judged = adapted([talk(1, step=step)], [talk(2, step=step)], strong_rows)
        assert judged is not None
        assert least <= judged.balanced <= most
    judged, unknown = built_in([talk(3, step=20)])
    assert (judged.balanced > 0.8, unknown < 0.1) == (True, True)


def test_loudness_in_clear_is_found_by_what_changes() -> None:
    """Without being told the id; where it is not sent there is nothing to read."""
    judged = adapted([talk(1, step=0)], [talk(2, step=0)], level_rows)
    assert judged is not None
    assert judged.balanced > 0.9
    assert adapted([talk(1, step=0, told=False)], [talk(2, step=0, told=False)], level_rows) is None


def test_a_model_tells_apart_what_differs() -> None:
    """Though one of both is rare; and what has no meaning gets no weight."""
    random = Random(5)  # noqa: S311
    truths = [random.random() < 0.1 for _ in range(1000)]
    rows = [(random.gauss(2.0 * truth, 0.5), random.gauss(0, 1)) for truth in truths]
    model = fit(rows, truths)
    judged = confusion(
        (model.likelihood(row) > 0.5, truth) for row, truth in zip(rows, truths, strict=True)
    )
    assert judged.balanced > 0.95
    assert abs(model.weights[1]) < 0.1 * abs(model.weights[0])


def test_scores_are_by_the_table() -> None:
    """Accuracy, the same where both weigh as much, and what is right without knowing anything."""
    judged = confusion([(True, True), (True, False), (False, False), (False, False)])
    assert judged == (1, 1, 2, 0)
    assert (judged.accuracy, judged.base) == (0.75, 0.75)
    assert judged.balanced == pytest.approx((1 + 2 / 3) / 2)


@pytest.mark.parametrize(
    ("guesses", "events", "found"),
    [
        pytest.param([1.1], [1.0], Found(1, 0, 0), id="near"),
        pytest.param([2.0], [1.0], Found(0, 1, 1), id="far"),
        pytest.param([1.1], [1.0, 1.2], Found(1, 1, 0), id="one guess for one event"),
        pytest.param([], [], Found(0, 0, 0), id="nothing"),
    ],
)
def test_events_are_matched(guesses: list[float], events: list[float], found: Found) -> None:
    """Each guess once."""
    assert match(guesses, events, slack=0.3) == found


def test_labels_are_what_the_waveform_has() -> None:
    """A short pause belongs to the sentence, a long one is a pause."""
    wave = [round(8000 * math.sin(number / 10)) for number in range(PIECE)]
    loud, quiet = array("h", wave), array("h", bytes(2 * PIECE))
    pieces = [loud, *[quiet] * 5, loud, *[quiet] * 30, loud]
    samples = [sample for piece in pieces for sample in piece]
    assert labels(samples) == (*[True] * 7, *[False] * 30, True)


def test_those_who_are_tested_say_other_things_in_other_voices() -> None:
    """Than those who are learnt from."""
    train, test = (
        {(voice.name, said) for voice in VOICES[split] for said in sentences(voice, split)}
        for split in ("train", "test")
    )
    assert not {voice for voice, _ in train} & {voice for voice, _ in test}
    assert not {said for _, said in train} & {said for _, said in test}


def test_a_stream_is_cut_into_windows_without_a_loss() -> None:
    """Of a tenth of a second each."""
    observed = talk(1, step=20)
    cut = list(slots(observed))
    assert sum(slot.window.packets for slot in cut) > 0.99 * len(observed.packets)
    assert {slot.window.packets for slot in cut} <= {4, 5, 6}


def test_a_browser_that_plays_a_file_is_found_in_it() -> None:
    """Which file, and where, by its loudness: then its packets get their labels."""
    random = Random(9)  # noqa: S311
    talks = [
        Talk("", tuple(random.random() < 0.5 for _ in range(300) for _ in range(2)), None)
        for _ in range(2)
    ]
    seen = [
        Seen(
            number * 0.02, 100, 7 + number, {1: 30 if talks[1].labels[(number + 123) % 600] else 90}
        )
        for number in range(1000)
    ]
    found = labelled("hop", talks, seen)
    assert [packet.speech for packet in found.packets] == [
        talks[1].labels[(number + 123) % 600] for number in range(1000)
    ]


def test_what_the_documents_say_was_measured() -> None:
    """The tables of the page, and the sentence of the sheet, are those of the JSON."""
    found = json.loads(RESULTS.read_text(encoding="utf-8"))
    page = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert page == tables(found)
    (sealed,) = (
        row
        for row in found["speech"]
        if (row["mode"], row["mitigation"], row["attacker"])
        == ("e2ee-passphrase", "none", "built in")
    )
    assert f"{sealed['accuracy']:.0%}".replace("%", " %") in ACTIVITY
    assert draw(found).startswith("<svg")
