"""Who says what: the words and voices of talkers, those of train and of test calls apart."""

from typing import Final, Literal, NamedTuple

Split = Literal["train", "test"]


class Voice(NamedTuple):
    """As espeak-ng takes it."""

    name: str
    words_per_minute: int
    gain: float
    """Of its loudest sample, to full scale."""


VOICES: Final[dict[Split, tuple[Voice, ...]]] = {
    "train": (
        Voice("en-us+m3", 150, 0.5),
        Voice("en-gb+f2", 175, 0.3),
        Voice("de+m5", 140, 0.7),
        Voice("en-us+f4", 190, 0.4),
        Voice("fr-fr+m1", 160, 0.35),
        Voice("en-gb-x-rp+m7", 130, 0.6),
    ),
    "test": (
        Voice("en-gb-scotland+f3", 165, 0.45),
        Voice("de+f1", 155, 0.3),
        Voice("en-us+m6", 180, 0.6),
        Voice("es+m2", 170, 0.5),
        Voice("en-029+f5", 145, 0.35),
        Voice("it+m4", 185, 0.4),
    ),
}

_ENGLISH: Final[dict[Split, tuple[str, ...]]] = {
    "train": (
        "Good morning, everybody. Shall we begin with the budget?",
        "I have read the report, and I think that we should wait until spring.",
        "Yes.",
        "That is what I said last week. Nobody wanted to hear it then.",
        "Could you show me the second page again, please? The one with the table.",
        "Hm, I see.",
        "The house is on the other side of the river, behind the old mill, and the road is closed.",
        "We counted forty seven, which is six more than a year ago.",
    ),
    "test": (
        "Can everybody hear me? My microphone was off for a moment.",
        "The train was late again, so I walked from the station through the rain.",
        "No, not really.",
        "Before we vote, somebody ought to explain the third proposal to those who were ill.",
        "Right. And who pays for it?",
        "My sister plants tomatoes, beans, and some kind of pumpkin that nobody eats.",
        "Let me share my window. There. What you see is the forecast for next quarter.",
        "Thank you, that was all.",
    ),
}

_OTHERS: Final[dict[tuple[Split, str], tuple[str, ...]]] = {
    ("train", "de"): (
        "Heute reden wir zuerst über die neuen Räume im dritten Stock.",
        "Nein, das habe ich so nicht gesagt, ich war damals gar nicht dabei.",
        "Moment bitte.",
        "Wenn wir den Vertrag bis Montag unterschreiben, wird die Miete um ein Zehntel kleiner.",
    ),
    ("test", "de"): (
        "Guten Morgen zusammen. Ich würde gern mit dem zweiten Punkt beginnen.",
        "Das sehe ich anders, aber wir haben ja noch Zeit bis Freitag.",
        "Ja, genau.",
        "Wer von euch hat den Bericht schon gelesen? Er liegt seit gestern bei mir.",
    ),
    ("train", "fr"): (
        "Bonjour, est-ce que tout le monde est là?",
        "Je crois que la réunion de jeudi est annulée, mais je vais demander.",
        "D'accord.",
    ),
    ("test", "es"): (
        "Buenos días a todos. Hoy tenemos tres asuntos, y el primero es corto.",
        "No lo sé, habrá que preguntar a la oficina.",
        "Claro que sí.",
    ),
    ("test", "it"): (
        "Scusate il ritardo, il treno era fermo a Bologna per un'ora.",
        "Va bene.",
        "Allora mandiamo la lettera domani, e poi vediamo che cosa rispondono.",
    ),
}


def sentences(voice: Voice, split: Split) -> tuple[str, ...]:
    """What this voice says, in its own language."""
    return _OTHERS.get((split, voice.name[:2]), _ENGLISH[split])
