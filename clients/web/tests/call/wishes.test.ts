/** A tile asks for what it can show, and a person's own choice wins. */

import { describe, expect, it } from "vitest";
import { HD, SD, WHOLE, Wishes, wishForSize } from "../../src/call/wishes";

describe("the wish of a tile", () => {
  it.each([
    [0, 0],
    [90, 180],
    [225, 180],
    [226, 360],
    [450, 360],
    [451, 720],
    [2000, 720],
  ])("of %d lines is %d", (lines, wish) => {
    expect(wishForSize("camera", lines)).toBe(wish);
  });

  it("is a whole screen however small it is shown, unless it is out of sight", () => {
    expect(wishForSize("screen", 100)).toBe(WHOLE);
    expect(wishForSize("screen", 0)).toBe(0);
  });
});

function recorded(): { wishes: Wishes; sent: [string, number][]; line: { up: boolean } } {
  const sent: [string, number][] = [];
  const line = { up: true };
  const wishes = new Wishes((publication, height) => {
    if (line.up) {
      sent.push([publication, height]);
    }
    return line.up;
  });
  return { wishes, sent, line };
}

describe("wishes", () => {
  it("are sent when they change", () => {
    const { wishes, sent } = recorded();
    wishes.fit("c1", SD);
    wishes.fit("c1", SD);
    wishes.fit("c1", HD);
    expect(sent).toEqual([
      ["c1", 360],
      ["c1", 720],
    ]);
  });

  it("follow the person until the person says auto", () => {
    const { wishes, sent } = recorded();
    wishes.fit("c1", SD);
    wishes.choose("c1", "off");
    wishes.fit("c1", HD);
    expect(wishes.wish("c1")).toBe(0);
    wishes.choose("c1", "auto");
    expect(sent.map(([, height]) => height)).toEqual([360, 0, 720]);
  });

  it("are all said again after a reconnection, in force as they were", () => {
    const { wishes, sent, line } = recorded();
    wishes.fit("c1", SD);
    wishes.choose("c2", "base");
    line.up = false;
    wishes.fit("c1", HD);
    line.up = true;
    sent.length = 0;
    wishes.repeat();
    expect(sent.toSorted()).toEqual([
      ["c1", 720],
      ["c2", 180],
    ]);
  });

  it("that could not leave are sent with the next change", () => {
    const { wishes, sent, line } = recorded();
    line.up = false;
    wishes.fit("c1", SD);
    line.up = true;
    wishes.fit("c1", SD);
    expect(sent).toEqual([["c1", 360]]);
  });

  it("of ended publications are forgotten", () => {
    const { wishes, sent } = recorded();
    wishes.choose("c1", "hd");
    wishes.keep(new Set(["c2"]));
    sent.length = 0;
    wishes.repeat();
    expect(sent).toEqual([]);
    expect(wishes.choice("c1")).toBe("auto");
    expect(wishes.wish("c1")).toBeNull();
  });
});
