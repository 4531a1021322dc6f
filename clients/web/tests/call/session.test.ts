/** A reloaded page finds its way back once, soon, and into the same room only. */

import { describe, expect, it } from "vitest";
import { type Return, saveReturn, takeReturn } from "../../src/call/session";

const BACK: Return = {
  room: "garden",
  name: "Ada",
  secret: "s",
  camera: true,
  microphone: false,
  cameraId: "",
  microphoneId: "",
  at: 1000,
};

function storage(): Storage {
  const values = new Map<string, string>();
  return {
    length: 0,
    clear: () => values.clear(),
    key: () => null,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  };
}

describe("the way back", () => {
  it("is there once: a duplicated tab does not find it", () => {
    const store = storage();
    saveReturn(store, BACK);
    expect(takeReturn(store, "garden", 2000)).toEqual(BACK);
    expect(takeReturn(store, "garden", 2000)).toBeNull();
  });

  it("does not lead into another room", () => {
    const store = storage();
    saveReturn(store, BACK);
    expect(takeReturn(store, "cellar", 2000)).toBeNull();
  });

  it("is closed to a tab that is restored much later", () => {
    const store = storage();
    saveReturn(store, BACK);
    expect(takeReturn(store, "garden", 62_000)).toBeNull();
  });

  it("is not there at first", () => {
    expect(takeReturn(storage(), "garden", 0)).toBeNull();
  });
});
