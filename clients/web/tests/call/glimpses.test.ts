/** What the server shows of streams is believed as far as it can be drawn. */

import { expect, it } from "vitest";
import { parseGlimpses } from "../../src/call/glimpses";

const STREAM = {
  participant: "ada",
  publication: "c1",
  function: "video",
  seen: "readable",
  figures: "8 of 8",
  tries: 3,
  taken: 1000,
  picture: "/9j/",
  loudness: null,
  spectrogram: null,
};

function lookOf(changes: object) {
  return parseGlimpses({ written: 1001, streams: [{ ...STREAM, ...changes }] })?.looks[0];
}

it("a picture is the address of an image", () => {
  expect(lookOf({})).toEqual({
    participant: "ada",
    publication: "c1",
    seen: "readable",
    figures: "8 of 8",
    tries: 3,
    taken: 1000,
    picture: "data:image/jpeg;base64,/9j/",
    loudness: null,
    spectrogram: null,
  });
});

it("a sound has loudness and tones", () => {
  const look = lookOf({
    picture: null,
    loudness: [-100, 0],
    spectrogram: [
      [0, 15],
      [1, 2],
    ],
  });
  expect(look?.loudness).toEqual([-100, 0]);
  expect(look?.spectrogram).toEqual([
    [0, 15],
    [1, 2],
  ]);
});

it.each([
  ["markup", { picture: '"><script>' }],
  ["another address", { picture: "https://evil.example/" }],
  ["a picture that is none", { picture: 7 }],
  ["a picture without end", { picture: "A".repeat(20_000) }],
  ["sound louder than there is", { picture: null, loudness: [1] }],
  ["sound in words", { picture: null, loudness: ["loud"] }],
  ["sound without end", { picture: null, loudness: Array.from({ length: 51 }, () => 0) }],
  ["tones above the scale", { picture: null, spectrogram: [[16]] }],
  ["tones that are none", { picture: null, spectrogram: [[0], null] }],
  ["tones without end", { picture: null, spectrogram: Array.from({ length: 51 }, () => [0]) }],
])("of %s nothing is drawn", (_, changes) => {
  const look = lookOf(changes);
  expect([look?.picture, look?.loudness, look?.spectrogram]).toEqual([null, null, null]);
});

it.each([[null], [7], [{}], [{ streams: "many" }]])("%j is no answer", (value) => {
  expect(parseGlimpses(value)).toBeNull();
});

it("leaves out what belongs to nobody", () => {
  expect(parseGlimpses({ streams: [null, {}, { participant: "ada" }] })?.looks).toEqual([]);
});
