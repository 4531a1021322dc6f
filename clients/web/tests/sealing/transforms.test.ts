/** Frames on their way: sealed, opened, or dropped; never let through as they are. */

import { describe, expect, it } from "vitest";
import { utf8 } from "../../src/sealing/bytes";
import { STREAMS } from "../../src/sealing/frames";
import { Keyring } from "../../src/sealing/keyring";
import { RoomKeys } from "../../src/sealing/passphrase";
import {
  type EncodedFrame,
  type FrameMetadata,
  Route,
  sealFrame,
} from "../../src/sealing/transforms";

const MEDIA = utf8("media");
const VP9 = { mimeType: "video/VP9", spatialIndex: 1, temporalIndex: 2, width: 640, height: 360 };
const CAMERA = { participant: "ana", stream: STREAMS.camera };

function frame(metadata: FrameMetadata = VP9, data = MEDIA, type = "key"): EncodedFrame {
  return { data: data.slice().buffer, type, getMetadata: () => metadata };
}

/** Ana, who is in the room, and Ben, who has met her. */
async function people(): Promise<{ ana: Keyring; ben: Keyring }> {
  const keys = () => RoomKeys.of(utf8("sixteen bytes ok"), "garden");
  const [ana, ben] = [new Keyring(await keys()), new Keyring(await keys())];
  const hello = await ana.introduce("Ana");
  ana.adopt();
  await ben.meet("ana", hello);
  return { ana, ben };
}

const bytes = ({ data }: EncodedFrame) => new Uint8Array(data);
const never = () => expect.unreachable();

describe("a frame", () => {
  it("of a picture goes out sealed and comes in open", async () => {
    const { ana, ben } = await people();
    const sent = frame();
    expect(await sealFrame(ana, STREAMS.camera, sent, 0)).toBe(true);
    expect(bytes(sent).length).toBe(6 + 12 + MEDIA.length + 16);
    const route = new Route();
    route.lead(CAMERA);
    // Firefox tells nothing of layers.
    const arrived = frame({ mimeType: "video/VP9" }, bytes(sent));
    expect(await route.open(ben, arrived, 0, never)).toBe(true);
    expect(bytes(arrived)).toEqual(MEDIA);
    expect(route.counts(ben).opened).toBe(1);
  });

  it.each([
    ["before the room has keys", VP9, null],
    ["of H.264", { mimeType: "video/H264" }, "ana"],
    ["of a codec that the browser does not name", {}, "ana"],
  ])("%s does not leave", async (_, metadata, who) => {
    const { ana } = await people();
    const sent = frame(metadata);
    expect(await sealFrame(who === null ? null : ana, STREAMS.camera, sent, 0)).toBe(false);
    expect(bytes(sent)).toEqual(MEDIA);
  });

  it("does not leave before we are in the room", async () => {
    const { ben } = await people();
    expect(await sealFrame(ben, STREAMS.camera, frame(), 0)).toBe(false);
  });
});

describe("a route", () => {
  it("drops clear frames, and asks for a key frame once a second", async () => {
    const { ben } = await people();
    const route = new Route();
    route.lead(CAMERA);
    const asked: number[] = [];
    for (let now = 0; now < 2500; now += 100) {
      expect(await route.open(ben, frame(), now, () => asked.push(now))).toBe(false);
    }
    expect(asked).toEqual([0, 1000, 2000]);
  });

  it("drops and counts what comes for nobody, or for whom we have no keys of", async () => {
    const { ben } = await people();
    const route = new Route();
    for (const to of [null, { ...CAMERA, participant: "eve" }]) {
      route.lead(to);
      expect(await route.open(ben, frame(), 0, () => undefined)).toBe(false);
      expect(route.counts(ben).unknown_key).toBe(1);
    }
  });

  it("drops empty frames and duplicates in silence", async () => {
    const { ana, ben } = await people();
    const sent = frame();
    await sealFrame(ana, STREAMS.camera, sent, 0);
    const route = new Route();
    route.lead(CAMERA);
    await route.open(ben, frame(VP9, bytes(sent)), 0, never);
    expect(await route.open(ben, frame(VP9, bytes(sent)), 0, never)).toBe(false);
    expect(await route.open(ben, frame(VP9, new Uint8Array()), 0, never)).toBe(false);
    route.lead(null);
    expect(await route.open(ben, frame(VP9, new Uint8Array()), 0, never)).toBe(false);
    expect(route.counts(ben).unknown_key).toBe(0);
  });

  it("opens for one stream of one person only", async () => {
    const { ana, ben } = await people();
    const route = new Route();
    route.lead({ ...CAMERA, stream: STREAMS.screen });
    const sent = frame();
    await sealFrame(ana, STREAMS.camera, sent, 0);
    expect(await route.open(ben, sent, 0, () => undefined)).toBe(false);
    expect(route.counts(ben)).toMatchObject({ opened: 0, unknown_key: 1 });
  });
});
