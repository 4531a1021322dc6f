/** A lost socket is opened again, later each time, until the server has let us in. */

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Connection } from "../../src/protocol/connection";
import type { ServerMessage } from "../../src/protocol/messages";

/** The part of a browser's WebSocket that the connection uses; Node 20 has none. */
class Socket {
  static readonly OPEN = 1;
  static all: Socket[] = [];
  readyState = 0;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly url: string) {
    Socket.all.push(this);
  }

  static get last(): Socket {
    const socket = Socket.all.at(-1);
    if (!socket) {
      throw new Error("no socket was opened");
    }
    return socket;
  }

  accept(): void {
    this.readyState = Socket.OPEN;
    this.onopen?.();
  }

  break(): void {
    this.readyState = 3;
    this.onclose?.();
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
  }
}

let events: string[];
let received: ServerMessage[];
let connection: Connection;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Socket);
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  Socket.all = [];
  events = [];
  received = [];
  connection = new Connection("ws://localhost/ws", {
    opened: () => events.push("opened"),
    lost: () => events.push("lost"),
    received: (message) => received.push(message),
  });
  connection.open();
});

afterEach(() => {
  connection.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

it("opens one socket and carries messages both ways", () => {
  Socket.last.accept();
  expect(connection.send({ type: "leave" })).toBe(true);
  Socket.last.onmessage?.({ data: '{"type":"speaker_changed","participant":null}' });
  Socket.last.onmessage?.({ data: "nonsense" });
  expect(Socket.all).toHaveLength(1);
  expect(Socket.last.sent).toEqual(['{"type":"leave"}']);
  expect(received).toEqual([{ type: "speaker_changed", participant: null }]);
});

it("tries again after 0.2 s, then after 0.4 s", () => {
  Socket.last.break();
  vi.advanceTimersByTime(199);
  expect(Socket.all).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(Socket.all).toHaveLength(2);
  Socket.last.break();
  vi.advanceTimersByTime(399);
  expect(Socket.all).toHaveLength(2);
  vi.advanceTimersByTime(1);
  expect(Socket.all).toHaveLength(3);
});

it("grows no less patient when a server takes sockets but lets nobody in", () => {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    Socket.last.accept();
    Socket.last.break();
    vi.advanceTimersByTime(2000);
  }
  Socket.last.break();
  vi.advanceTimersByTime(1599);
  expect(Socket.all).toHaveLength(4);
});

it("starts over with short waits once the server has let us in", () => {
  Socket.last.break();
  vi.advanceTimersByTime(200);
  Socket.last.accept();
  connection.settled();
  Socket.last.break();
  vi.advanceTimersByTime(200);
  expect(Socket.all).toHaveLength(3);
});

it("gives up a socket that does not open within 5 s", () => {
  vi.advanceTimersByTime(5000);
  expect(events).toEqual(["lost"]);
  vi.advanceTimersByTime(200);
  expect(Socket.all).toHaveLength(2);
});

it("hears nothing more of a socket that it gave up", () => {
  const old = Socket.last;
  old.accept();
  connection.drop();
  old.break();
  old.onmessage?.({ data: '{"type":"speaker_changed","participant":null}' });
  expect(events).toEqual(["opened", "lost"]);
  expect(received).toEqual([]);
});

it("does not wait when told that the network is back", () => {
  Socket.last.break();
  connection.hurry();
  expect(Socket.all).toHaveLength(2);
});

it("says so when a message could not leave", () => {
  expect(connection.send({ type: "leave" })).toBe(false);
});

it("stays closed", () => {
  Socket.last.accept();
  connection.close();
  vi.advanceTimersByTime(60_000);
  connection.open();
  expect(Socket.all).toHaveLength(1);
  expect(events).toEqual(["opened"]);
});
