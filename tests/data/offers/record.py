"""Records the offers of real browsers, each once its browser has accepted our answer.

`python -m tests.data.offers.record` needs chromium, chromedriver and firefox-esr (Debian's), and
writes one file a case into this folder, and the versions of the browsers into `browsers.txt`.
"""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from sfu.signalling.negotiation import negotiate
from sfu.signalling.sdp import parse_sdp
from tests.support.browsers import Driver, start_chromium, start_firefox
from tests.support.offers import local_transport, publish_all, send_all

FOLDER: Final = Path(__file__).parent

CAPTURE: Final = "await navigator.mediaDevices.getUserMedia({audio: true, video: true})"
PREFER: Final = """
const prefer = (transceiver, name) => {
  const all = RTCRtpReceiver.getCapabilities('video').codecs;
  const first = all.filter((codec) => codec.mimeType === 'video/' + name);
  transceiver.setCodecPreferences([...first, ...all.filter((codec) => !first.includes(codec))]);
};
const publish = async (name, encodings) => {
  const stream = CAPTURE;
  const [audio, video] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
  pc.addTransceiver(audio, {direction: 'sendonly', streams: [stream]});
  const sender = {direction: 'sendonly', streams: [stream], sendEncodings: encodings};
  const camera = pc.addTransceiver(video, sender);
  if (name) prefer(camera, name);
};
const receive = () => {
  pc.addTransceiver('audio', {direction: 'recvonly'});
  pc.addTransceiver('video', {direction: 'recvonly'});
};
""".replace("CAPTURE", CAPTURE)

CASES: Final = {
    "publish": "await publish(null, [{}]);",
    "publish-vp8": "await publish('VP8', [{}]);",
    "publish-vp9-l3t3-key": "await publish('VP9', [{scalabilityMode: 'L3T3_KEY'}]);",
    "publish-av1": "await publish('AV1', [{scalabilityMode: 'L3T3_KEY'}]);",
    "publish-h264": "await publish('H264', [{}]);",
    "simulcast": "await publish('VP8', [{rid: 'a'}, {rid: 'b'}, {rid: 'c'}]);",
    "receive": "receive();",
    "conference": "await publish('VP9', [{}]); receive(); receive(); receive();",
    "data-channel": "receive(); pc.createDataChannel('chat');",
    "stopped": "receive(); receive(); NEXT pc.getTransceivers()[1].stop();",
    "restarted": "receive(); NEXT pc.restartIce();",
}
"""What a page does before it asks for an offer, or for a second one; the last one is recorded.
Firefox takes no scalabilityMode."""

OFFER: Final = """
const done = arguments[arguments.length - 1];
const pc = window.pc ??= new RTCPeerConnection();
(async () => {
  PREFER
  CASE
  const offer = await pc.createOffer();
  await pc.setLocalDescription(offer);
  return offer.sdp;
})().then(done, (error) => done('failed: ' + error));
"""

ACCEPT: Final = """
const [sdp, done] = arguments;
const accepted = window.pc.setRemoteDescription({type: 'answer', sdp});
accepted.then(() => done(''), (error) => done(String(error)));
"""


@contextmanager
def blank_page() -> Iterator[str]:
    """An empty page on localhost, where cameras are allowed."""

    class Blank(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Blank)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Refusal(Exception):  # noqa: N818 - named for what a browser did
    """What a browser said of our answer, or of a case."""


def negotiated(driver: Driver, script: str) -> str:
    """The offer after a script, once its browser has accepted the answer; raises Refusal."""
    text = OFFER.replace("PREFER", PREFER).replace("CASE", script)
    sdp: str = driver.execute_async_script(text)
    if sdp.startswith("failed: "):
        raise Refusal(sdp)
    offer = parse_sdp(sdp)
    answer = negotiate(offer, local_transport(), publish_all(offer), send_all(offer)).answer
    if error := driver.execute_async_script(ACCEPT, answer):
        raise Refusal(f"{error}\n{answer}")
    return sdp


def record(driver: Driver, name: str, url: str) -> Iterator[str]:
    """Write the offers of one browser; yields what it did not accept."""
    driver.set_script_timeout(30)
    for case, scripts in CASES.items():
        driver.get(url)
        try:
            *_, last = [negotiated(driver, script) for script in scripts.split("NEXT")]
        except Refusal as refusal:
            yield f"{name} {case}: {refusal}\n"
        else:
            (FOLDER / f"{name}-{case}.sdp").write_text(last, encoding="utf-8", newline="")


def main() -> int:
    """Record all; 1 if a browser did not accept an answer."""
    complaints, versions = [], []
    with tempfile.TemporaryDirectory() as folder, blank_page() as url:
        for name, start in (("chromium", start_chromium), ("firefox", start_firefox)):
            driver = start(Path(folder))
            try:
                versions.append(f"{name} {driver.capabilities['browserVersion']}\n")
                complaints += list(record(driver, name, url))
            finally:
                driver.quit()
    (FOLDER / "browsers.txt").write_text("".join(versions), encoding="utf-8")
    sys.stdout.write("\n".join(complaints))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
