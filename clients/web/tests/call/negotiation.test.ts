/** One offer is under way at a time, none is lost, and a late answer finds nobody. */

import { beforeEach, describe, expect, it } from "vitest";
import { Negotiation } from "../../src/call/negotiation";
import type { Offer } from "../../src/protocol/messages";

/** A peer connection's states without its media; Node has none. */
class Connection {
  signalingState = "stable";
  localDescription: { sdp: string } | null = null;
  offers = 0;
  acceptable = true;

  async setLocalDescription(description?: { type: string }): Promise<void> {
    if (description?.type === "rollback") {
      this.signalingState = "stable";
      return;
    }
    this.offers += 1;
    this.localDescription = { sdp: `offer ${this.offers}` };
    this.signalingState = "have-local-offer";
  }

  async setRemoteDescription(): Promise<void> {
    if (!this.acceptable) {
      throw new Error("no");
    }
    this.signalingState = "stable";
  }
}

let connection: Connection;
let sent: Offer[];
let answers: number;
let broken: number;
let line: { up: boolean };
let sections: { isEmpty: boolean };
let negotiation: Negotiation;

beforeEach(() => {
  connection = new Connection();
  sent = [];
  [answers, broken] = [0, 0];
  line = { up: true };
  sections = { isEmpty: false };
  const described = {
    get isEmpty() {
      return sections.isEmpty;
    },
    published: () => [{ mid: "0", source: "camera" as const }],
    received: () => [],
  };
  negotiation = new Negotiation(connection as unknown as RTCPeerConnection, described, {
    send: (offer) => {
      sent.push(offer);
      return line.up;
    },
    prepare: () => undefined,
    answered: () => {
      answers += 1;
    },
    broken: () => {
      broken += 1;
    },
  });
});

/** Let promises that are due be kept. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) {
    await Promise.resolve();
  }
}

async function request(): Promise<void> {
  negotiation.request();
  await settle();
}

async function answer(index: number): Promise<void> {
  await negotiation.answered({ type: "answer", id: sent[index]?.id ?? -1, sdp: "", notes: [] });
  await settle();
}

describe("offers", () => {
  it("say what their m-lines are for", async () => {
    await request();
    expect(sent).toMatchObject([
      { sdp: "offer 1", publish: [{ mid: "0", source: "camera" }], receive: [] },
    ]);
  });

  it("carry together what changed together", async () => {
    negotiation.request();
    negotiation.request();
    await request();
    expect(sent).toHaveLength(1);
  });

  it("wait for the answer to the one before, and then are one", async () => {
    await request();
    await request();
    await request();
    expect(sent).toHaveLength(1);
    await answer(0);
    expect(sent.map(({ sdp }) => sdp)).toEqual(["offer 1", "offer 2"]);
    await answer(1);
    expect([sent.length, answers]).toEqual([2, 2]);
  });

  it("are not made of nothing", async () => {
    sections.isEmpty = true;
    await request();
    expect(sent).toEqual([]);
    sections.isEmpty = false;
    await request();
    expect(sent).toHaveLength(1);
  });

  it("are said again, under another id, when the socket has returned", async () => {
    line.up = false;
    await request();
    line.up = true;
    negotiation.resend();
    expect(sent.map(({ sdp }) => sdp)).toEqual(["offer 1", "offer 1"]);
    await answer(0);
    expect(answers).toBe(0);
    await answer(1);
    expect(answers).toBe(1);
  });
});

describe("a refusal", () => {
  it("takes the offer back, and leaves the next change to be offered", async () => {
    await request();
    await negotiation.refused(sent[0]?.id ?? -1);
    expect(connection.signalingState).toBe("stable");
    expect(sent).toHaveLength(1);
    await request();
    expect(sent).toHaveLength(2);
  });

  it("of another offer is not ours", async () => {
    await request();
    await negotiation.refused(-1);
    expect(connection.signalingState).toBe("have-local-offer");
  });
});

describe("a connection", () => {
  it("is broken when it does not take the answer", async () => {
    connection.acceptable = false;
    await request();
    await answer(0);
    expect(broken).toBe(1);
  });

  it("that was closed meanwhile is nobody's concern", async () => {
    connection.acceptable = false;
    await request();
    connection.signalingState = "closed";
    await answer(0);
    await request();
    expect([broken, sent.length]).toEqual([0, 1]);
  });
});
