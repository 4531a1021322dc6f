/** Frames on their way: sealed, opened, or dropped; never let through as they are. */

import { describe, expect, it } from "vitest";
import { type Bytes, utf8 } from "../../src/sealing/bytes";
import { STREAMS } from "../../src/sealing/frames";
import { Keyring } from "../../src/sealing/keyring";
import { RoomKeys } from "../../src/sealing/passphrase";
import {
  type EncodedFrame,
  type FrameMetadata,
  type Keys,
  Route,
  sealFrame,
} from "../../src/sealing/transforms";
import { Member } from "./groups";

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

/** Whether a frame is delivered at once. */
async function opens(
  route: Route,
  keys: Keys,
  arrived: EncodedFrame,
  now = 0,
  ask: () => void = () => undefined,
): Promise<boolean> {
  let isDelivered = false;
  await route.open(keys, arrived, now, { deliver: () => (isDelivered = true), ask });
  return isDelivered;
}

const countsOf = (route: Route, keys: Keys) => route.report(keys).counts;

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
    expect(await opens(route, ben, arrived, 0, never)).toBe(true);
    expect(bytes(arrived)).toEqual(MEDIA);
    expect(countsOf(route, ben).opened).toBe(1);
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
      expect(await opens(route, ben, frame(), now, () => asked.push(now))).toBe(false);
    }
    expect(asked).toEqual([0, 1000, 2000]);
  });

  it("drops and counts what comes for nobody, or for whom we have no keys of", async () => {
    const { ben } = await people();
    const route = new Route();
    for (const to of [null, { ...CAMERA, participant: "eve" }]) {
      route.lead(to);
      expect(await opens(route, ben, frame())).toBe(false);
      expect(countsOf(route, ben).unknown_key).toBe(1);
    }
  });

  it("drops empty frames and duplicates in silence", async () => {
    const { ana, ben } = await people();
    const sent = frame();
    await sealFrame(ana, STREAMS.camera, sent, 0);
    const route = new Route();
    route.lead(CAMERA);
    await opens(route, ben, frame(VP9, bytes(sent)), 0, never);
    expect(await opens(route, ben, frame(VP9, bytes(sent)), 0, never)).toBe(false);
    expect(await opens(route, ben, frame(VP9, new Uint8Array()), 0, never)).toBe(false);
    route.lead(null);
    expect(await opens(route, ben, frame(VP9, new Uint8Array()), 0, never)).toBe(false);
    expect(countsOf(route, ben).unknown_key).toBe(0);
  });

  it("opens for one stream of one person only", async () => {
    const { ana, ben } = await people();
    const route = new Route();
    route.lead({ ...CAMERA, stream: STREAMS.screen });
    const sent = frame();
    await sealFrame(ana, STREAMS.camera, sent, 0);
    expect(await opens(route, ben, sent)).toBe(false);
    expect(countsOf(route, ben)).toMatchObject({ opened: 0, unknown_key: 1 });
  });
});

describe("a route of a group", () => {
  const ANA = { participant: "ana", stream: STREAMS.camera };

  /** Ben's route to Ana, whose keys are of the next epoch already; and what was delivered. */
  async function early() {
    const [ana, ben] = [new Member(0), new Member(1)];
    await ana.install(6, 0, { cause: "joined" });
    await ben.install(5, 0, { cause: "joined" });
    const before = new Member(0);
    await before.install(5, 0, { cause: "joined" });
    const keys: Keys = {
      sealer: () => null,
      opener: (_, stream) => ben.ring.opening.opener(0, stream),
    };
    const route = new Route();
    route.lead(ANA);
    const delivered: string[] = [];
    const arrive = async (name: string, data: Bytes, now: number) =>
      route.open(keys, frame({ mimeType: "video/VP9" }, data), now, {
        deliver: () => delivered.push(name),
        ask: () => delivered.push(`${name}?`),
      });
    return { ana, ben, before, keys, route, delivered, arrive };
  }

  it("keeps frames of the next epoch until its keys come, and their order", async () => {
    const { ana, ben, keys, route, delivered, arrive } = await early();
    await arrive("a", await ana.seal(0), 0);
    await arrive("b", await ana.seal(0), 10);
    expect(delivered).toEqual([]);
    await ben.install(6, 20);
    const last = await ana.seal(20);
    await Promise.all([route.rekeyed(keys, 20), arrive("c", last, 20)]);
    expect(delivered).toEqual(["a", "b", "c"]);
    expect(countsOf(route, keys)).toMatchObject({ opened: 3, unknown_key: 0 });
  });

  it("refuses them when the keys do not come within a second", async () => {
    const { ana, ben, keys, route, delivered, arrive } = await early();
    await arrive("a", await ana.seal(0), 0);
    await ben.install(6, 1000);
    await route.rekeyed(keys, 1000);
    expect(delivered).toEqual([]);
    expect(countsOf(route, keys)).toMatchObject({ opened: 0, unknown_key: 1 });
  });

  it("5: opens what is genuine at once, whatever waits; and keeps no more than 64", async () => {
    const { ana, ben, before, keys, route, delivered, arrive } = await early();
    const forged = await ana.seal(0);
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    for (let round = 0; round < 1000; round += 1) {
      await arrive("forged", forged, round / 10);
      if (round % 100 === 0) {
        await arrive("genuine", await before.seal(0), round / 10);
      }
    }
    expect(delivered.filter((name) => name === "genuine")).toHaveLength(10);
    expect(countsOf(route, keys)).toMatchObject({ opened: 10, unknown_key: 1000 - 64 });
    await ben.install(6, 200);
    await route.rekeyed(keys, 200);
    await arrive("next", await ana.seal(200), 200);
    expect(delivered.at(-1)).toBe("next");
    expect(countsOf(route, keys)).toMatchObject({ opened: 11, not_authentic: 64 });
  });

  it("keeps nothing for whoever comes after", async () => {
    const { ana, ben, keys, route, delivered, arrive } = await early();
    await arrive("a", await ana.seal(0), 0);
    route.lead({ ...ANA, participant: "chi" });
    await ben.install(6, 10);
    await route.rekeyed(keys, 10);
    expect(delivered).toEqual([]);
  });

  it("34, 35: says that frames are late, or that none come although they are sealed", async () => {
    const { before, keys, route, arrive } = await early();
    await arrive("a", await before.seal(0), 20);
    await arrive("b", await before.seal(0), 5020);
    expect(route.report(keys)).toMatchObject({ delay: 5000, isFrozen: false });
    for (const sealed of [10, 20]) {
      route.beacon(keys, "ana", 5, { "1.0": sealed });
      route.beacon(keys, "chi", 5, { "1.0": 10 * sealed });
    }
    expect(route.report(keys).isFrozen).toBe(true);
    await arrive("c", await before.seal(0), 6000);
    expect(route.report(keys).isFrozen).toBe(false);
  });
});
