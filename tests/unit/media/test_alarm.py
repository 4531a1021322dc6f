"""The alarm keeps the earliest wish."""

from sfu.media.alarm import NEVER, Alarm


def test_the_earliest_wins() -> None:
    """Whoever wants to be woken first decides."""
    alarm = Alarm()
    assert alarm.at == NEVER
    alarm.by(5)
    alarm.by(7)
    assert alarm.at == 5
    alarm.by(3)
    assert alarm.at == 3
