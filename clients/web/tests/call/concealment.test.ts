/** Hiding when somebody speaks: what it changes in offers and answers, and that it is remembered. */

import { beforeEach, describe, expect, it } from "vitest";
import { Concealment, keepsConstantRate, type Storage } from "../../src/call/concealment";

const LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const MID = "urn:ietf:params:rtp-hdrext:sdes:mid";

/** Two m-lines of sound and one of pictures, with lines from `audio` in the first. */
function description(...audio: readonly string[]): string {
  const lines = [
    "v=0",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 0",
    "a=mid:0",
    "a=rtpmap:111 opus/48000/2",
    ...audio,
    "a=rtpmap:0 PCMU/8000",
    "m=audio 9 UDP/TLS/RTP/SAVPF 109",
    "a=mid:1",
    "a=rtpmap:109 OPUS/48000/2",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=mid:2",
    `a=extmap:4 ${MID}`,
    "a=rtpmap:96 VP8/90000",
    "a=fmtp:96 max-fs=12288",
  ];
  return `${lines.join("\r\n")}\r\n`;
}

function linesOf(sdp: string, beginning: string): string[] {
  return sdp.split("\r\n").filter((line) => line.startsWith(beginning));
}

let kept: Map<string, string>;
let storage: Storage;

beforeEach(() => {
  kept = new Map();
  storage = {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
});

function hiding(): Concealment {
  const concealment = new Concealment(storage);
  concealment.isOn = true;
  return concealment;
}

describe("an answer", () => {
  it.each([
    ["no parameters", [], "a=fmtp:111 cbr=1;usedtx=0"],
    [
      "other parameters",
      ["a=fmtp:111 minptime=10;useinbandfec=1"],
      "a=fmtp:111 minptime=10;useinbandfec=1;cbr=1;usedtx=0",
    ],
    ["the contrary", ["a=fmtp:111 cbr=0; usedtx=1;stereo=1"], "a=fmtp:111 stereo=1;cbr=1;usedtx=0"],
    ["the same", ["a=fmtp:111 cbr=1;usedtx=0"], "a=fmtp:111 cbr=1;usedtx=0"],
    ["nothing in them", ["a=fmtp:111 ;"], "a=fmtp:111 cbr=1;usedtx=0"],
  ])("with %s asks for a constant rate", (_, lines, expected) => {
    const sdp = hiding().answered(description(...lines));
    expect(linesOf(sdp, "a=fmtp:")).toEqual([
      expected,
      "a=fmtp:109 cbr=1;usedtx=0",
      "a=fmtp:96 max-fs=12288",
    ]);
    expect(linesOf(sdp, "a=rtpmap:")).toHaveLength(4);
  });

  it("cannot have levels that were not offered", () => {
    const extensions = [
      `a=extmap:1 ${LEVEL}`,
      `a=extmap:4 ${MID}`,
      `a=extmap:9/sendonly ${LEVEL} vad=on`,
    ];
    const sdp = hiding().answered(description(...extensions));
    expect(linesOf(sdp, "a=extmap:")).toEqual([`a=extmap:4 ${MID}`, `a=extmap:4 ${MID}`]);
  });
});

it.each([
  ["a=fmtp:111 minptime=10;cbr=1;useinbandfec=1", true],
  ["a=fmtp:111 cbr=1", true],
  ["a=fmtp:109 maxplaybackrate=0;stereo=1;useinbandfec=1", false],
  ["a=fmtp:111 cbr=0", false],
  ["a=fmtp:111 xcbr=1", false],
])("what a browser keeps of %s tells whether it obeys", (line, expected) => {
  const remoteDescription = { sdp: description(line) };
  expect(keepsConstantRate({ remoteDescription } as RTCPeerConnection)).toBe(expected);
});

it("an offer has no levels, and nothing else is different", () => {
  const [level, other] = [`a=extmap:1 ${LEVEL}`, `a=extmap:2 ${LEVEL}-of-something`];
  expect(hiding().offered(description(level, other))).toBe(description(other));
});

it("nothing changes for whoever hides nothing", () => {
  const sdp = description(`a=extmap:1 ${LEVEL}`, "a=fmtp:111 usedtx=1");
  const concealment = new Concealment(storage);
  expect(concealment.isOn).toBe(false);
  expect(concealment.offered(sdp)).toBe(sdp);
  expect(concealment.answered(sdp)).toBe(sdp);
});

it("the choice is remembered, and so is the contrary", () => {
  const concealment = hiding();
  expect(new Concealment(storage).isOn).toBe(true);
  concealment.isOn = false;
  expect(new Concealment(storage).isOn).toBe(false);
  expect(kept.size).toBe(0);
});

it("whoever is in a call hears of each change", () => {
  const heard: boolean[] = [];
  const concealment = new Concealment(storage);
  concealment.changed = () => heard.push(concealment.isOn);
  concealment.isOn = true;
  concealment.isOn = false;
  expect(heard).toEqual([true, false]);
});
