/** The address says where to go and who is invited; nonsense in it is ignored. */

import { describe, expect, it } from "vitest";
import {
  DEFAULT_CAMERA,
  fragmentWith,
  isRoomName,
  parseSettings,
  roomPath,
  suggestRoom,
  tidyName,
  withoutSurprises,
} from "../src/settings";

const settings = (address: string) => parseSettings(new URL(address, "http://localhost:8080"));

describe("the room", () => {
  it.each([
    ["/room/garden", "garden"],
    ["/room/garden/", "garden"],
    ["/", ""],
    ["/room/a%20b", ""],
    ["/room/a/b", ""],
    [`/room/${"x".repeat(65)}`, ""],
  ])("of %s is %j", (path, room) => {
    expect(settings(path).room).toBe(room);
  });

  it("has a path that leads back to it", () => {
    expect(settings(roomPath("Tea_time-5")).room).toBe("Tea_time-5");
  });

  it("has a name of letters, digits, hyphens and underscores", () => {
    expect(["a", "A-b_9", "", "ä", "a b", "a/b"].map(isRoomName)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("a suggested room", () => {
  it.each([0, 0.5, 0.999_999])("is a good name at %d", (random) => {
    expect(isRoomName(suggestRoom(() => random))).toBe(true);
  });

  it("differs from another", () => {
    const names = new Set(Array.from({ length: 20 }, () => suggestRoom(Math.random)));
    expect(names.size).toBeGreaterThan(15);
  });
});

describe("the invitation", () => {
  it("is read from the fragment only, which never travels", () => {
    expect(settings("/room/a#token=x.y.z").token).toBe("x.y.z");
    expect(settings("/room/a?token=x").token).toBeNull();
  });
});

describe("the secret of a sealed call", () => {
  const KEY = "AAECAwQFBgcICQoLDA0ODw";

  it("is a key, a salt, or that of a group, beside an invitation", () => {
    expect(settings(`/room/a#token=x.y&key=${KEY}`)).toMatchObject({
      token: "x.y",
      secret: { kind: "key", text: KEY },
    });
    expect(settings(`/room/a#salt=${KEY}`).secret).toEqual({ kind: "salt", text: KEY });
    expect(settings(`/room/a#mls=${KEY}`).secret).toEqual({ kind: "mls", text: KEY });
    expect(settings(`/room/a?key=${KEY}`).secret).toBeNull();
  });

  it.each([
    "key=",
    "salt=",
    "mls=",
    `mls=${KEY.slice(0, -1)}`,
    `mls=${KEY}A`,
    `mls=${KEY}&key=${KEY}`,
    `mls=&salt=${KEY}`,
    `mls=${KEY}&mls=${KEY}`,
    `key=${KEY.slice(0, -1)}`,
    `key=${KEY}A`,
    `key=${KEY.slice(0, -1)}x`,
    `key=${KEY}&salt=${KEY}`,
    `key=${KEY}&key=${KEY}`,
  ])("is damaged in %j, and never just absent", (fragment) => {
    expect(settings(`/room/a#${fragment}`).secret).toBe("damaged");
  });

  it("is written beside what the fragment says already", () => {
    const secret = { kind: "key", text: KEY } as const;
    expect(fragmentWith("#token=x.y", secret)).toBe(`#token=x.y&key=${KEY}`);
    expect(fragmentWith("", secret)).toBe(`#key=${KEY}`);
    expect(fragmentWith(`#key=${KEY}`, secret)).toBe(`#key=${KEY}`);
  });
});

describe("the camera", () => {
  it.each([
    ["", DEFAULT_CAMERA],
    ["?camera=0", null],
    ["?camera=320x180@15", { width: 320, height: 180, frameRate: 15 }],
    ["?camera=640x360", { width: 640, height: 360, frameRate: 30 }],
    ["?camera=huge", DEFAULT_CAMERA],
  ])("of %j is %j", (query, camera) => {
    expect(settings(`/room/a${query}`).camera).toEqual(camera);
  });
});

describe("the rest", () => {
  it("is off, free and empty without a word", () => {
    expect(settings("/room/a")).toMatchObject({
      name: "",
      autojoin: false,
      microphone: true,
      encoding: { codec: null, scalabilityMode: null },
      language: null,
    });
  });

  it("can be asked for", () => {
    const address = "/room/a?autojoin=1&name=Ada&mic=0&codec=av1&mode=L3T3&lang=de";
    expect(settings(address)).toMatchObject({
      name: "Ada",
      autojoin: true,
      microphone: false,
      encoding: { codec: "av1", scalabilityMode: "L3T3" },
      language: "de",
    });
  });

  it("knows no other codecs", () => {
    expect(settings("/room/a?codec=h266").encoding.codec).toBeNull();
  });
});

describe("a name", () => {
  it.each([
    [" Ana  Lovelace ", "Ana  Lovelace"],
    ["李雷", "李雷"],
    ["👩🏽‍🚀", "👩🏽‍🚀"],
    ["Ana\u202e evil", "Ana  evil"],
    ["Ana\nBen", "Ana Ben"],
    ["\u200b", ""],
    ["   ", ""],
    ["😀".repeat(70), "😀".repeat(64)],
  ])("%j is shown as %j", (typed, shown) => {
    expect(tidyName(typed)).toBe(shown);
  });
});

describe("joining without a click", () => {
  const link = settings("/room/den?autojoin=1&camera=1");

  it.each(["localhost", "127.0.0.1", "[::1]"])("is for pages of this machine: %s", (host) => {
    expect(withoutSurprises(link, host, false).autojoin).toBe(true);
  });

  it("is for browsers that a program drives", () => {
    expect(withoutSurprises(link, "example.org", true).autojoin).toBe(true);
  });

  it("is in nobody's power who sends a link", () => {
    expect(withoutSurprises(link, "example.org", false).autojoin).toBe(false);
    expect(withoutSurprises(settings("/room/den"), "localhost", true).autojoin).toBe(false);
  });
});
