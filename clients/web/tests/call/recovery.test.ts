/** Media that stops is restarted first and rebuilt second, and only while somebody answers. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Recovery } from "../../src/call/recovery";

function recorded(): { recovery: Recovery; done: string[] } {
  const done: string[] = [];
  const recovery = new Recovery({
    restart: () => done.push("restart"),
    rebuild: () => done.push("rebuild"),
  });
  recovery.signallingFound();
  return { recovery, done };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("recovery", () => {
  it("gives a disconnection two seconds to mend itself", () => {
    const { recovery, done } = recorded();
    recovery.stateChanged("disconnected");
    vi.advanceTimersByTime(1900);
    recovery.stateChanged("connected");
    vi.advanceTimersByTime(60_000);
    expect(done).toEqual([]);
  });

  it("restarts ICE, then rebuilds, then rebuilds again, until it is connected", () => {
    const { recovery, done } = recorded();
    recovery.stateChanged("disconnected");
    vi.advanceTimersByTime(2000);
    expect(done).toEqual(["restart"]);
    vi.advanceTimersByTime(6000);
    expect(done).toEqual(["restart", "rebuild"]);
    vi.advanceTimersByTime(10_000);
    expect(done).toEqual(["restart", "rebuild", "rebuild"]);
    recovery.stateChanged("connected");
    vi.advanceTimersByTime(60_000);
    expect(done).toHaveLength(3);
  });

  it("acts on a failure at once", () => {
    const { recovery, done } = recorded();
    recovery.stateChanged("failed");
    vi.advanceTimersByTime(0);
    expect(done).toEqual(["restart"]);
  });

  it("does not rebuild what never was away", () => {
    const { recovery, done } = recorded();
    recovery.stateChanged("connected");
    recovery.restart();
    vi.advanceTimersByTime(60_000);
    expect(done).toEqual(["restart"]);
  });

  it("waits for signalling", () => {
    const { recovery, done } = recorded();
    recovery.signallingLost();
    recovery.stateChanged("failed");
    vi.advanceTimersByTime(60_000);
    expect(done).toEqual([]);
  });

  it("forgets what it was up to when signalling is lost", () => {
    const { recovery, done } = recorded();
    recovery.stateChanged("disconnected");
    recovery.signallingLost();
    vi.advanceTimersByTime(60_000);
    expect(done).toEqual([]);
  });

  it("rebuilds what is broken, not faster than once a second", () => {
    const { recovery, done } = recorded();
    recovery.stateChanged("connected");
    recovery.broken();
    vi.advanceTimersByTime(999);
    expect(done).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(done).toEqual(["rebuild"]);
  });
});
