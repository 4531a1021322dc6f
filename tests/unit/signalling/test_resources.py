"""WHIP and WHEP without HTTP: what an offer is for, what it gets, and when a session ends."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import Refused
from sfu.rooms.events import Joined, Left
from sfu.rooms.publication import Publication
from sfu.signalling.lobby import Lobby
from sfu.signalling.resources import Created, Endpoint, Protocol, Resources
from tests.support.hall import Hall
from tests.support.media import audio_track, video_track

FINGERPRINT = f"sha-256 {':'.join(['AB'] * 32)}"

OPUS = ("111", "a=rtpmap:111 opus/48000/2")
VP8 = ("96", "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack pli")
H264 = ("106", "a=rtpmap:106 H264/90000\r\na=fmtp:106 packetization-mode=1;profile-level-id=42e01f")
HIGH = (H264[0], H264[1].replace("42e01f", "64001f"))
FORMATS = {"audio": OPUS, "video": VP8}

RESTART = "a=ice-ufrag:NEWu\r\na=ice-pwd:nnnnnnnnnnnnnnnnnnnnnnnn\r\n"


def sdp(
    *kinds: str,
    direction: str = "recvonly",
    formats: dict[str, tuple[str, str]] = FORMATS,
    bundle: str | None = None,
    setup: str = "actpass",
    port: int = 9,
) -> str:
    """An offer of m-lines, their mids counted from 0."""
    named = " ".join(map(str, range(len(kinds)))) if bundle is None else bundle
    lines = ["v=0", "o=- 7 1 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {named}"]
    for mid, kind in enumerate(kinds):
        payload_type, attributes = formats[kind]
        lines += [
            f"m={kind} {port} UDP/TLS/RTP/SAVPF {payload_type}",
            "a=ice-ufrag:Vufr",
            f"a=ice-pwd:{'v' * 22}",
            f"a=fingerprint:{FINGERPRINT}",
            f"a=setup:{setup}",
            f"a=mid:{mid}",
            f"a={direction}",
            "a=rtcp-mux",
            attributes,
        ]
    return "\r\n".join(lines) + "\r\n"


class House:
    """A hall with a back door for programs."""

    def __init__(self) -> None:
        self.hall = Hall()
        lobby = Lobby(self.hall.directory, self.hall.node, candidates=tuple, verify=None)
        self.resources = Resources(lobby)

    def post(self, protocol: Protocol, offer: str, publication: str | None = None) -> Created:
        """Offer something."""
        endpoint = Endpoint(protocol, "hall")
        return self.resources.create(
            endpoint, offer, token=None, publication=publication, now=self.hall.now
        )

    def refused(self, protocol: Protocol, offer: str) -> Refused:
        """Offer what is refused."""
        with pytest.raises(Refused) as caught:
            self.post(protocol, offer)
        return caught.value

    def patch(self, created: Created, fragment: str, *, if_match: str = "*") -> str | None:
        """Trickle or restart ICE."""
        restarted = self.resources.patch(
            created.key, fragment, token=None, if_match=if_match, now=self.hall.now
        )
        return None if restarted is None else restarted.fragment

    @property
    def names(self) -> list[str]:
        """Who is there."""
        return [participant.name for participant in self.hall.directory.participants()]


@pytest.fixture
def house() -> House:
    return House()


def filled(created: Created) -> list[str]:
    """For each m-line of the answer the publication that it carries, or nothing."""
    sections = created.sdp.split("\r\nm=")[1:]
    found = [re.search(r"a=msid:\S+ (\S+)", section) for section in sections]
    return ["" if match is None else match[1] for match in found]


class TestTheOrderOfMLines:
    """An answer cannot add m-lines, so docs/whip.md says how the offered ones are filled."""

    def people(self, house: House) -> dict[str, Publication]:
        """Ana has a camera and a microphone; Ben a camera, his second one, and a microphone."""
        _, (ana_camera, ana_microphone) = house.hall.publisher()
        _, (ben_camera, ben_other, ben_microphone) = house.hall.publisher(
            video_track("1"), video_track("2", ssrcs=(7,)), audio_track()
        )
        return {
            "Ana's camera": ana_camera,
            "Ana's microphone": ana_microphone,
            "Ben's camera": ben_camera,
            "Ben's other camera": ben_other,
            "Ben's microphone": ben_microphone,
        }

    @pytest.mark.parametrize(
        ("kinds", "named", "speaker", "expected"),
        [
            pytest.param(
                ("audio", "video"),
                None,
                None,
                ["Ana's microphone", "Ana's camera"],
                id="who came first",
            ),
            pytest.param(
                ("video", "audio"),
                None,
                "Ben's camera",
                ["Ben's camera", "Ben's microphone"],
                id="the active speaker",
            ),
            pytest.param(
                ("video", "audio"),
                "Ben's other camera",
                None,
                ["Ben's other camera", "Ben's microphone"],
                id="what is named, and its owner's sound",
            ),
            pytest.param(
                ("video", "video", "video", "video"),
                "Ben's other camera",
                "Ana's camera",
                ["Ben's other camera", "Ben's camera", "Ana's camera", ""],
                id="then its owner's others, everybody's, nothing",
            ),
        ],
    )
    def test_is_as_documented(
        self,
        house: House,
        kinds: Sequence[str],
        named: str | None,
        speaker: str | None,
        expected: list[str],
    ) -> None:
        """Named first, then of its owner or the active speaker, then in the order of coming."""
        people = self.people(house)
        if speaker is not None:
            house.hall.directory.rooms["hall"].speaker = people[speaker].owner
        wanted = people[named].id if named else None
        created = house.post("whep", sdp(*kinds), wanted)
        names = {publication.id: name for name, publication in people.items()} | {"": ""}
        assert [names[ident] for ident in filled(created)] == expected

    def test_a_publication_that_is_not_there_cannot_be_named(self, house: House) -> None:
        """Nothing else is sent instead."""
        self.people(house)
        with pytest.raises(Refused, match="unknown-publication"):
            house.post("whep", sdp("video"), "nothing")


class TestPublishing:
    """All of an offer, or a refusal (RFC 9725 section 4.4.3)."""

    @pytest.mark.parametrize("setup", ["actpass", "active", "passive"])
    def test_takes_either_dtls_role(self, house: House, setup: str) -> None:
        """FFmpeg insists on being the DTLS server."""
        created = house.post("whip", sdp("audio", direction="sendonly", setup=setup))
        assert f"a=setup:{'active' if setup == 'passive' else 'passive'}\r\n" in created.sdp

    def test_an_m_line_that_is_only_named_is_passed_over(self, house: House) -> None:
        """FFmpeg 8.0 bundles 0 and 1, whatever it offers."""
        offer = sdp("video", direction="sendonly", bundle="7 0")
        assert house.post("whip", offer).sdp.count("\r\nm=video 9 ") == 1

    @pytest.mark.parametrize(
        ("offer", "word"),
        [
            pytest.param(
                sdp("audio", "video", direction="sendonly", formats={**FORMATS, "video": HIGH}),
                "H.264 (baseline and main)",
                id="a codec profile that is not forwarded",
            ),
            pytest.param(
                sdp("audio", "video", direction="sendonly", bundle="0"),
                "bundle",
                id="an m-line outside the bundle",
            ),
            pytest.param(sdp("audio", direction="recvonly"), "sends no", id="nothing is sent"),
            pytest.param(
                sdp("audio", direction="sendonly", port=0), "sends no", id="all is switched off"
            ),
        ],
    )
    def test_half_an_offer_is_no_success(self, house: House, offer: str, word: str) -> None:
        """The sentence says what is wrong with it, and nobody has come."""
        assert word in house.refused("whip", offer).reason
        assert house.names == []

    @pytest.mark.parametrize(
        ("video", "codes"),
        [
            pytest.param(VP8, [], id="with PLI"),
            pytest.param(H264, ["no-key-frame-requests"], id="with neither PLI nor FIR"),
        ],
    )
    def test_is_told_that_it_cannot_be_asked(
        self, house: House, video: tuple[str, str], codes: list[str]
    ) -> None:
        """Who cannot be asked for key frames should send some of their own accord."""
        offer = sdp("audio", "video", direction="sendonly", formats={"audio": OPUS, "video": video})
        assert [note.code for note in house.post("whip", offer).notes] == codes


class TestWatching:
    """What there is, and a word about the rest."""

    def test_a_codec_that_is_lacking_is_named(self, house: House) -> None:
        """Sound goes on its way; the picture's m-line is inactive."""
        house.hall.publisher()
        lacking = {"audio": OPUS, "video": H264}
        created = house.post("whep", sdp("audio", "video", formats=lacking))
        assert [bool(ident) for ident in filled(created)] == [True, False]
        (note,) = created.notes
        assert (note.mid, note.code) == ("1", "codec-unsupported")
        assert "VP8 or VP9" in note.reason

    def test_a_viewer_whom_nothing_serves_is_refused(self, house: House) -> None:
        """With the same words, and nobody has come."""
        ana, _ = house.hall.publisher(video_track())
        refusal = house.refused("whep", sdp("video", formats={"video": H264}))
        assert "VP8 or VP9" in refusal.reason
        assert house.names == [ana.participant.name]

    @pytest.mark.parametrize(
        ("kinds", "direction", "code"),
        [
            pytest.param(["audio"], "recvonly", "nothing-to-watch", id="of another kind"),
            pytest.param(["video"], "sendonly", "nothing-offered", id="nothing is received"),
            pytest.param(["video"], "inactive", "nothing-offered", id="all is inactive"),
        ],
    )
    def test_who_finds_nothing_disturbs_nobody(
        self, house: House, kinds: list[str], direction: str, code: str
    ) -> None:
        """Players ask every few seconds; the others need not hear of that."""
        ana, _ = house.hall.publisher(video_track())
        assert house.refused("whep", sdp(*kinds, direction=direction)).code == code
        assert (ana.told(Joined), ana.told(Left)) == ([], [])

    def test_ends_with_the_last_that_was_watched(self, house: House) -> None:
        """A player notices by DTLS that the show is over, and can ask again."""
        ana, (camera, _) = house.hall.publisher()
        house.hall.publisher(video_track("7"))
        created = house.post("whep", sdp("audio", "video"), camera.id)
        ana.publish(audio_track())
        assert "WHEP viewer" in house.names
        ana.publish()
        assert "WHEP viewer" not in house.names
        with pytest.raises(Refused, match="no-resource"):
            house.resources.delete(created.key, token=None)


class TestFragments:
    """application/trickle-ice-sdpfrag (RFC 8840), as RFC 9725 section 4.3 uses it."""

    M_LINE = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"

    @pytest.fixture
    def created(self, house: House) -> Created:
        return house.post("whip", sdp("audio", direction="sendonly"))

    @pytest.mark.parametrize(
        "fragment",
        [
            pytest.param(f"{RESTART}{M_LINE}", id="credentials of the session"),
            pytest.param(f"a=group:BUNDLE 0\r\n{M_LINE}{RESTART}", id="of the m-line"),
            pytest.param(RESTART, id="without an m-line"),
            pytest.param(RESTART.strip(), id="without a last line end"),
        ],
    )
    def test_restart_ice(self, house: House, created: Created, fragment: str) -> None:
        """Wherever the other credentials stand; the answer says that we are ICE-lite."""
        answer = house.patch(created, fragment)
        assert answer is not None
        assert answer.startswith("a=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF ")
        assert re.search(r"a=ice-ufrag:\S+\r\na=ice-pwd:\S+\r\n", answer)
        assert "ice-ufrag:Vufr" not in answer

    @pytest.mark.parametrize(
        "fragment",
        [
            pytest.param("", id="nothing"),
            pytest.param(f"{M_LINE}a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", id="trickle"),
            pytest.param(f"a=ice-ufrag:Vufr\r\na=ice-pwd:{'v' * 22}\r\n{M_LINE}", id="the same"),
        ],
    )
    def test_that_say_nothing_new_change_nothing(
        self, house: House, created: Created, fragment: str
    ) -> None:
        """The tag is the one that it was, so the next request may name it."""
        assert house.patch(created, fragment, if_match=created.etag) is None
        assert house.patch(created, fragment, if_match=f'"other", {created.etag}') is None

    @pytest.mark.parametrize(
        "fragment",
        [
            pytest.param("a=ice-ufrag:NEWu\r\n", id="half of the credentials"),
            pytest.param("a=ice-ufrag:!\r\na=ice-pwd:!\r\n", id="forbidden characters"),
            pytest.param("candidates", id="no SDP"),
        ],
    )
    def test_that_are_malformed_are_refused(
        self, house: House, created: Created, fragment: str
    ) -> None:
        """And the session goes on with the ICE that it has."""
        with pytest.raises(Refused, match="bad-sdp"):
            house.patch(created, fragment)
        assert house.patch(created, "", if_match=created.etag) is None


@given(text=st.text(max_size=300) | st.builds("".join, st.lists(st.sampled_from(RESTART.split()))))
@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda house, text: house.post("whip", text), id="publish"),
        pytest.param(lambda house, text: house.post("whep", text), id="watch"),
        pytest.param(
            lambda house, text: house.patch(
                house.post("whip", sdp("audio", direction="sendonly")), text
            ),
            id="patch",
        ),
    ],
)
def test_any_text_is_served_or_refused(use: Callable[[House, str], object], text: str) -> None:
    """Nothing but Refused ever comes of it."""
    with suppress(Refused):
        use(House(), text)
