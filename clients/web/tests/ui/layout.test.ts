/** Tiles are as large as the room for them allows. */

import { describe, expect, it } from "vitest";
import { fitGrid, fitShape, pictureLines } from "../../src/ui/layout";

describe("the grid", () => {
  it.each([
    [1, 1600, 900, 1],
    [2, 1600, 900, 2],
    [3, 1600, 900, 2],
    [4, 1600, 900, 2],
    [5, 1600, 900, 3],
    [9, 1600, 900, 3],
    [2, 360, 600, 1],
    [6, 360, 600, 2],
  ])("of %d tiles in %d by %d has %d columns", (count, width, height, columns) => {
    expect(fitGrid(count, { width, height }, 16 / 9, 12).columns).toBe(columns);
  });

  it("never leaves its box", () => {
    for (let count = 1; count <= 50; count += 1) {
      const box = { width: 1234, height: 567 };
      const { columns, width } = fitGrid(count, box, 16 / 9, 12);
      const rows = Math.ceil(count / columns);
      expect(columns * width + 12 * (columns - 1)).toBeLessThanOrEqual(box.width);
      expect((rows * width * 9) / 16 + 12 * (rows - 1)).toBeLessThanOrEqual(box.height);
    }
  });

  it("of nothing, or nowhere, is nothing", () => {
    expect(fitGrid(0, { width: 100, height: 100 }, 1, 0).width).toBe(0);
    expect(fitGrid(3, { width: 0, height: 0 }, 1, 0).width).toBe(0);
  });
});

describe("the shape of tiles", () => {
  const shapes = [16 / 9, 6 / 5] as const;

  it.each([
    [3, 344, 490, 16 / 9],
    [6, 344, 490, 6 / 5],
    [2, 344, 570, 6 / 5],
  ])("of %d in %d by %d is %d", (count, width, height, aspect) => {
    expect(fitShape(count, { width, height }, [...shapes], 12).aspect).toBe(aspect);
  });
});

describe("the lines of a picture", () => {
  const tall = { width: 720, height: 1280 };
  const wide = { width: 1280, height: 720 };

  it.each([
    ["that fills its box", { width: 640, height: 360 }, wide, false, 360],
    ["with bars above and below", { width: 640, height: 600 }, wide, false, 360],
    ["cut at the sides", { width: 360, height: 360 }, wide, true, 360],
    ["with bars at the sides", { width: 640, height: 360 }, tall, false, 203],
    ["that has not come yet", { width: 640, height: 360 }, null, false, 360],
    ["that nobody sees", { width: 0, height: 0 }, wide, true, 0],
  ])("%s", (_, box, picture, isCut, lines) => {
    expect(pictureLines(box, picture, isCut)).toBe(lines);
  });
});
