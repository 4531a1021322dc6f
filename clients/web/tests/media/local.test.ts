/** A device that is off, or whose call is over, does not come on by itself. */

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { LocalTracks } from "../../src/media/local";
import type { MediaSource } from "../../src/protocol/messages";

class Track {
  enabled = true;
  stopped = false;
  onended: (() => void) | null = null;

  stop(): void {
    this.stopped = true;
  }
}

/** Questions to the person that wait for an answer. */
let asked: { grant: () => Track }[];
let changed: MediaSource[];
let unplugged: MediaSource[];
let local: LocalTracks;

beforeEach(() => {
  asked = [];
  [changed, unplugged] = [[], []];
  const getUserMedia = () =>
    new Promise((resolve) => {
      const grant = () => {
        const track = new Track();
        resolve({ getTracks: () => [track] });
        return track;
      };
      asked.push({ grant });
    });
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
  local = new LocalTracks(
    { width: 1280, height: 720, frameRate: 30 },
    { changed: (source) => changed.push(source), unplugged: (source) => unplugged.push(source) },
  );
});

afterEach(() => {
  vi.unstubAllGlobals();
});

function grant(index: number): Track {
  const question = asked[index];
  if (!question) {
    throw new Error("nobody was asked");
  }
  return question.grant();
}

it("switches the camera on and lets go of it", async () => {
  const opening = local.setCamera(true);
  const track = grant(0);
  await opening;
  expect(local.isOn("camera")).toBe(true);
  await local.setCamera(false);
  expect([local.isOn("camera"), track.stopped]).toEqual([false, true]);
  expect(changed).toEqual(["camera", "camera"]);
});

it("mutes the microphone without letting go of it", async () => {
  const opening = local.setMicrophone(true);
  const track = grant(0);
  await opening;
  await local.setMicrophone(false);
  expect([local.isOn("microphone"), track.stopped]).toEqual([false, false]);
  await local.setMicrophone(true);
  expect([local.isOn("microphone"), asked.length]).toEqual([true, 1]);
});

it.each(["camera", "microphone"] as const)(
  "lets go of a %s that was switched off while it opened",
  async (source) => {
    const set = (on: boolean) =>
      source === "camera" ? local.setCamera(on) : local.setMicrophone(on);
    const opening = set(true);
    await set(false);
    const track = grant(0);
    await opening;
    expect([local.isOn(source), track.stopped]).toEqual([false, true]);
  },
);

it("lets go of a camera that opens after the end of the call", async () => {
  const opening = local.setCamera(true);
  local.close();
  const track = grant(0);
  await opening;
  expect([local.get("camera"), track.stopped, changed]).toEqual([null, true, []]);
});

it("tells of a device that was unplugged", async () => {
  const opening = local.setCamera(true);
  const track = grant(0);
  await opening;
  track.onended?.();
  expect([local.isOn("camera"), unplugged]).toEqual([false, ["camera"]]);
});
