/** Small words and figures on the page. */

import { describe, expect, it } from "vitest";
import { sparkline } from "../../src/ui/chart";
import { chipText, formatBitrate, linesSent, sizeName } from "../../src/ui/chip";
import { initials } from "../../src/ui/tile";

const NAMES = {
  base: "Base",
  sd: "SD",
  hd: "HD",
  refusedFrames: (count: string) => `${count} refused`,
};

describe("a chip", () => {
  it("says size, layer and bitrate", () => {
    const facts = { lines: 720, layer: "S2T2", kbps: 1412, refused: 0, troubles: [] };
    expect(chipText(facts, NAMES, "en")).toBe("HD · S2T2 · 1.4 Mbit/s");
    expect(chipText(facts, NAMES, "de")).toBe("HD · S2T2 · 1,4 Mbit/s");
  });

  it("says what it knows before the first picture", () => {
    expect(
      chipText({ lines: 0, layer: "S0T0", kbps: 0, refused: 0, troubles: [] }, NAMES, "en"),
    ).toBe("S0T0 · 0 kbit/s");
  });

  it("says how many frames could not be opened", () => {
    const facts = { lines: 180, layer: "S0T2", kbps: 100, refused: 1234, troubles: [] };
    expect(chipText(facts, NAMES, "en")).toBe("Base · S0T2 · 100 kbit/s · 1,234 refused");
  });

  it("says what is wrong with the way here, though nothing arrives", () => {
    const facts = { lines: 180, layer: "S0T2", kbps: 100, refused: 0, troubles: ["held back"] };
    expect(chipText(facts, NAMES, "en")).toBe("Base · S0T2 · 100 kbit/s · held back");
    expect(chipText({ ...facts, layer: null, kbps: 0 }, NAMES, "en")).toBe("held back");
  });

  it("is empty while nothing arrives", () => {
    expect(
      chipText({ lines: 720, layer: null, kbps: 0, refused: 0, troubles: [] }, NAMES, "en"),
    ).toBe("");
  });
});

describe("the size on a chip", () => {
  const layers = [180, 360, 720].map((height, spatial) => ({
    spatial,
    temporal_layers: 3,
    width: (height * 16) / 9,
    height,
    active: true,
  }));
  const decoded = { width: 320, height: 180 };

  it.each([
    ["S0T2", 180],
    ["S1T0", 360],
    ["S2T2", 720],
  ])("is that of the layer that is sent: %s", (layer, lines) => {
    expect(linesSent(layers, layer, decoded)).toBe(lines);
  });

  it("is what was decoded where the server does not know it", () => {
    const unknown = layers.map((layer) => ({ ...layer, width: 0, height: 0 }));
    expect(linesSent(unknown, "S0T2", decoded)).toBe(180);
    expect(linesSent([], "S0T2", decoded)).toBe(180);
    expect(linesSent([], null, null)).toBe(0);
  });

  it("is that of the short side of an upright picture", () => {
    const upright = layers.map((layer) => ({ ...layer, width: layer.height, height: layer.width }));
    expect(linesSent(upright, "S2T2", decoded)).toBe(720);
  });
});

describe("the name of a size", () => {
  it.each([
    [180, "base"],
    [240, "base"],
    [270, "sd"],
    [360, "sd"],
    [540, "sd"],
    [720, "hd"],
    [1080, "hd"],
  ])("of %d lines is %s", (lines, name) => {
    expect(sizeName(lines)).toBe(name);
  });
});

it("writes bitrates for people", () => {
  expect(formatBitrate(42.4, "en")).toBe("42 kbit/s");
  expect(formatBitrate(1000, "en")).toBe("1.0 Mbit/s");
});

describe("initials", () => {
  it.each([
    ["Ada Lovelace", "AL"],
    ["ada", "A"],
    ["  Karl  von der Heide ", "KH"],
    ["👩🏽‍🚀 x", "👩🏽‍🚀X"],
    ["", ""],
  ])("of %j are %j", (name, letters) => {
    expect(initials(name)).toBe(letters);
  });
});

describe("a chart", () => {
  it("ends at the right edge and reaches the top", () => {
    expect(sparkline([0, 100, 50])).toBe("58,19.0 59,1.0 60,10.0");
  });

  it("is empty for less than two values, and flat for zeros", () => {
    expect(sparkline([5])).toBe("");
    expect(sparkline([0, 0])).toBe("59,19.0 60,19.0");
  });
});
