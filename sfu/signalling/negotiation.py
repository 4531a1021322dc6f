"""Offer to answer: one transport for everything, and an answer for every m-line.

The server only ever answers and is ICE-lite. Each participant has one transport: all media is
bundled and multiplexed (RFC 9143, RFC 5761), or refused. The same offer gives the same answer.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal

from sfu.errors import Refused
from sfu.signalling.agreement import (
    LocalTransport,
    Negotiation,
    ReceivedMedia,
    SendStream,
    SentMedia,
)
from sfu.signalling.description import MediaSection, SessionDescription, Transport
from sfu.signalling.messages import MediaSource
from sfu.signalling.sdp import format_sdp
from sfu.signalling.sections import Outcome, SectionAnswerer
from sfu.wire.extensions import BY_URI, Extension

__all__ = [
    "LocalTransport",
    "Negotiation",
    "ReceivedMedia",
    "SendStream",
    "SentMedia",
    "negotiate",
]

KIND_OF_SOURCE: Final[Mapping[str, str]] = {
    "microphone": "audio",
    "screen_audio": "audio",
    "camera": "video",
    "screen": "video",
}

DECLINED: Final = {Extension.VIDEO_ORIENTATION}
"""Firefox does not know it and would show a phone's picture lying down; who may not send it turns
the pixels instead."""

_HASHES: Final = ("sha-256 ", "sha-384 ", "sha-512 ")
_ONE_BYTE_IDS: Final = range(1, 15)
_TWO_BYTE_IDS: Final = range(16, 256)  # 15 would end a one-byte header (RFC 8285 section 4.2)


def negotiate(
    offer: SessionDescription,
    local: LocalTransport,
    publish: Mapping[str, MediaSource],
    send: Mapping[str, SendStream],
    *,
    sealed: bool = False,
) -> Negotiation:
    """Answer an offer; `publish` and `send` say by mid what its m-lines are for.

    `sealed`: only codecs are taken whose frames can be forwarded without a look into them.

    Raises Refused where no answer could work: nothing bundled, no DTLS, no ICE, no media.
    """
    remote = _remote_transport(offer)
    _check_mids(offer, publish, send)
    # RFC 8842 section 5.3
    setup: Literal["active", "passive"] = "active" if remote.setup == "passive" else "passive"
    transport = Transport(local.ufrag, local.password, (local.fingerprint,), setup)
    answerer = SectionAnswerer(transport, offer.bundle, _bundle_extensions(offer), sealed=sealed)
    outcomes = [
        answerer.answer(section, publish.get(section.mid), send.get(section.mid))
        for section in offer.sections
    ]
    if not any(outcome.accepted for outcome in outcomes):
        reasons = [note.reason for note in answerer.notes] or ["Every m-line is switched off."]
        raise Refused("no-media", f"Nothing in the offer can be served. {reasons[0]}")
    return Negotiation(
        answer=format_sdp(_description(offer, local, outcomes)),
        receives=tuple(outcome.received for outcome in outcomes if outcome.received),
        sends=tuple(outcome.sent for outcome in outcomes if outcome.sent),
        extensions={
            BY_URI[extmap.uri]: extmap.ident
            for outcome in outcomes
            for extmap in outcome.answer.extmaps
        },
        ufrag=remote.ufrag,
        password=remote.password,
        fingerprints=remote.fingerprints,
        setup=setup,
        session_id=offer.session_id,
        notes=tuple(answerer.notes),
    )


def _description(
    offer: SessionDescription, local: LocalTransport, outcomes: list[Outcome]
) -> SessionDescription:
    """The whole answer; candidates go with the first m-line that we take, which becomes the tag."""
    sections = [outcome.answer for outcome in outcomes]
    first = next(i for i, outcome in enumerate(outcomes) if outcome.accepted)
    sections[first] = replace(sections[first], candidates=local.candidates)
    return SessionDescription(
        session_id=local.session_id,
        version=local.version,
        bundle=tuple(outcome.answer.mid for outcome in outcomes if outcome.accepted),
        ice_lite=True,
        extmap_allow_mixed=offer.extmap_allow_mixed,
        sections=tuple(sections),
    )


def _remote_transport(offer: SessionDescription) -> Transport:
    """The other side's half of the only transport, from the tagged m-line of the bundle."""
    if not offer.sections:
        raise Refused(
            "empty-offer", "The offer has no m-lines: nothing to send, nothing to receive."
        )
    by_mid = {section.mid: section for section in offer.sections if section.mid}
    # FFmpeg 8.0 names an m-line that it does not offer: the first one that is there is meant.
    tagged = next((by_mid[mid] for mid in offer.bundle if mid in by_mid), None)
    if tagged is None:
        raise Refused(
            "no-bundle",
            "The offer does not bundle its media (a=group:BUNDLE); one port is all we have.",
        )
    _check_security(tagged)
    if not (tagged.transport.ufrag and tagged.transport.password):
        raise Refused("no-ice", "The offer has no ICE credentials (a=ice-ufrag and a=ice-pwd).")
    if offer.ice_lite:
        raise Refused("ice-lite", "Both sides are ICE-lite, so nobody would begin with the checks.")
    return tagged.transport


def _check_security(tagged: MediaSection) -> None:
    fingerprints = tagged.transport.fingerprints
    if tagged.sdes and not fingerprints:
        raise Refused(
            "sdes", "The offer carries SRTP keys (a=crypto); only DTLS-SRTP is served here."
        )
    if tagged.protocol.startswith("RTP/") and not fingerprints:
        raise Refused(
            "no-dtls", "The offer asks for RTP without DTLS; only DTLS-SRTP is served here."
        )
    if not any(fingerprint.startswith(_HASHES) for fingerprint in fingerprints):
        raise Refused(
            "no-fingerprint", "The offer has no a=fingerprint with sha-256, sha-384 or sha-512."
        )
    if tagged.transport.setup == "holdconn":
        raise Refused("no-dtls", "The offer says a=setup:holdconn, which never connects.")


def _check_mids(
    offer: SessionDescription,
    publish: Mapping[str, MediaSource],
    send: Mapping[str, SendStream],
) -> None:
    kinds = {section.mid: section.kind for section in offer.sections}
    for mid in (*publish, *send):
        if mid not in kinds:
            raise Refused("unknown-mid", f"The offer has no m-line with a=mid:{mid}.")
    for mid, source in publish.items():
        if kinds[mid] != KIND_OF_SOURCE[source]:
            raise Refused("wrong-kind", f"A {source} cannot be on {mid}, which is {kinds[mid]}.")
    for mid, stream in send.items():
        if stream.kind not in {None, kinds[mid]}:
            raise Refused("wrong-kind", f"The publication wanted on {mid} is {stream.kind}.")


def _bundle_extensions(offer: SessionDescription) -> dict[int, Extension]:
    """The ids that we take, which mean the same on every m-line (RFC 9143 section 10)."""
    uris: dict[int, str] = {}
    taken: dict[int, Extension] = {}
    for section in offer.sections:
        for extmap in section.extmaps if section.mid in offer.bundle else ():
            if uris.setdefault(extmap.ident, extmap.uri) != extmap.uri:
                raise Refused("extmap-clash", f"The offer uses extension id {extmap.ident} twice.")
            kind = BY_URI.get(extmap.uri)
            usable = extmap.ident in _ONE_BYTE_IDS or (
                extmap.ident in _TWO_BYTE_IDS and section.extmap_allow_mixed
            )
            if kind is not None and usable and kind not in DECLINED and kind not in taken.values():
                taken[extmap.ident] = kind
    return taken
