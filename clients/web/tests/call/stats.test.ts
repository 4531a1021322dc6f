/** Counters become rates, and each m-line's counters go to whoever it carries. */

import { describe, expect, it } from "vitest";
import { inboundFields, StatsBook } from "../../src/call/stats";

type Values = Record<string, unknown>;

/** RTCStatsReport is a read-only map. */
function report(...stats: Values[]): RTCStatsReport {
  return new Map(stats.map((value, index) => [String(value.id ?? index), value]));
}

const video = (timestamp: number, bytesReceived: number, more: Values = {}): Values => ({
  type: "inbound-rtp",
  mid: "2",
  timestamp,
  bytesReceived,
  frameWidth: 640,
  frameHeight: 360,
  codecId: "codec",
  ...more,
});

const CODEC = { id: "codec", type: "codec", mimeType: "video/VP9" };
const RECEIVED = new Map([["2", "c1"]]);
const NONE = new Map<string, never>();

describe("the book of statistics", () => {
  it("turns bytes into kilobits per second", () => {
    const book = new StatsBook();
    book.read(report(video(1000, 0), CODEC), RECEIVED, NONE);
    book.read(report(video(2000, 50_000), CODEC), RECEIVED, NONE);
    expect(book.get("c1")?.latest).toMatchObject({
      kbps: 400,
      width: 640,
      height: 360,
      codec: "VP9",
    });
    expect(book.get("c1")?.history).toEqual([0, 400]);
  });

  it("does not turn a new stream on an old m-line into a negative rate", () => {
    const book = new StatsBook();
    book.read(report(video(1000, 90_000)), RECEIVED, NONE);
    book.read(report(video(2000, 100)), RECEIVED, NONE);
    expect(book.get("c1")?.latest.kbps).toBe(0);
  });

  it("keeps a minute", () => {
    const book = new StatsBook();
    for (let second = 0; second < 80; second += 1) {
      book.read(report(video(second * 1000, second)), RECEIVED, NONE);
    }
    expect(book.get("c1")?.history).toHaveLength(60);
  });

  it("forgets what is not received any more", () => {
    const book = new StatsBook();
    book.read(report(video(1000, 0)), RECEIVED, NONE);
    book.read(report(), NONE, NONE);
    expect(book.get("c1")).toBeNull();
  });

  it("tells what an encoder really does", () => {
    const sent = {
      type: "outbound-rtp",
      mid: "0",
      timestamp: 1000,
      bytesSent: 1,
      scalabilityMode: "L3T3_KEY",
    };
    const book = new StatsBook();
    book.read(report(sent), NONE, new Map([["0", "camera" as const]]));
    expect(book.get("camera")?.latest.scalabilityMode).toBe("L3T3_KEY");
  });
});

describe("inbound counters", () => {
  it("are those of the stream that is alive", () => {
    const old = video(1000, 1, { frameHeight: 180, lastPacketReceivedTimestamp: 10 });
    const fresh = video(1000, 2, { frameHeight: 720, lastPacketReceivedTimestamp: 20 });
    for (const both of [report(old, fresh), report(fresh, old)]) {
      expect(inboundFields(both, "2")?.frameHeight).toBe(720);
    }
  });

  it("are nothing for an m-line that carries nothing", () => {
    expect(inboundFields(report(video(1, 1)), "3")).toBeNull();
  });
});
