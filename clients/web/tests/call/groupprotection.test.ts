/** In a call with a group, what the server says goes to the member, and what that says goes out. */

import { describe, expect, it } from "vitest";
import { type GroupKeeper, GroupProtection } from "../../src/call/groupprotection";
import type { Heard } from "../../src/call/hearing";
import { emptyState, isTrusted, reduce } from "../../src/call/state";
import type { GroupMember, Input } from "../../src/mls/types";
import type { ClientMessage } from "../../src/protocol/messages";
import type { GroupOutput } from "../../src/sealing/requests";
import { participant, welcome } from "../people";

const GROUP = "g".repeat(43);

function member(leaf: number, of: string, changes: Partial<GroupMember> = {}): GroupMember {
  const name = `Leaf ${leaf}`;
  return {
    leaf,
    participant: of,
    person: `person ${leaf}`,
    device: `device ${leaf}`,
    name,
    isSelf: false,
    isSilent: false,
    ...changes,
  };
}

const MEMBERS = [member(0, "ada"), member(1, "me", { isSelf: true })];
const message: GroupOutput = {
  type: "send",
  message: { type: "send_group_message", group: GROUP, message: "sealed" },
};

/** A call, with a member that answers as it is told to. */
class Stage implements GroupKeeper {
  onNews: ((outputs: readonly GroupOutput[]) => void) | null = null;
  answers: GroupOutput[] | Error = [];
  readonly fed: Input[] = [];
  readonly sent: ClientMessage[] = [];
  readonly heard: Heard[] = [];
  failures = 0;
  rekeyings = 0;
  isOnline = true;
  readonly protection = new GroupProtection(this, {
    send: (sent) => {
      this.sent.push(sent);
      return this.isOnline;
    },
    deliver: (heard) => this.heard.push(heard),
    rekeyed: () => {
      this.rekeyings += 1;
    },
    rejoin: () => expect.unreachable(),
    failed: () => {
      this.failures += 1;
    },
  });

  async greet(): Promise<string> {
    return "hello";
  }

  async feed(input: Input): Promise<readonly GroupOutput[]> {
    this.fed.push(input);
    if (this.answers instanceof Error) {
      throw this.answers;
    }
    return this.answers;
  }

  say(...outputs: GroupOutput[]): void {
    this.onNews?.(outputs);
  }

  get state() {
    return this.heard.reduce(reduce, emptyState("garden", "e2ee-mls"));
  }
}

const present = (id: string, changes = {}) => {
  return { participant: id, connected: true, hello: null, ...changes };
};

describe("the member hears", () => {
  it("of the room, and who is in it now, in order", () => {
    const stage = new Stage();
    const group = { id: GROUP, number: 3 };
    stage.protection.receive(welcome({ mode: "e2ee-mls", group, resumed: true }));
    stage.protection.receive({
      type: "participant_joined",
      participant: { ...participant("bob"), hello: "b1" },
    });
    stage.protection.receive({
      type: "participant_updated",
      participant: "bob",
      connected: false,
      hello: "b2",
    });
    stage.protection.receive({ type: "participant_left", participant: "ada", reason: "left" });
    stage.protection.lost();
    const others = [present("me"), present("ada")];
    const gone = present("bob", { connected: false, hello: "b2" });
    expect(stage.fed).toEqual([
      { type: "entered", self: "me", resumed: true, group, present: others },
      { type: "present", present: [...others, present("bob", { hello: "b1" })] },
      { type: "present", present: [...others, gone] },
      { type: "present", present: [present("me"), gone] },
      { type: "lost" },
    ]);
    expect(stage.heard).toHaveLength(4);
  });

  it("of the group, what nobody else does", () => {
    const stage = new Stage();
    const ended = { type: "group_ended", group: GROUP } as const;
    stage.protection.receive(ended);
    expect([stage.fed, stage.heard]).toEqual([[ended], []]);
  });

  it("41: nothing of a room in another mode", () => {
    const stage = new Stage();
    stage.protection.receive(welcome({ mode: "hop" }));
    expect(stage.fed).toEqual([]);
    expect(stage.heard).toHaveLength(1);
  });
});

describe("the call hears", () => {
  it("who is in the group, what is wrong, and lines under the names of the tree", () => {
    const stage = new Stage();
    stage.protection.receive(welcome({ mode: "e2ee-mls" }));
    expect(isTrusted(stage.state, "ada")).toBe(false);
    stage.say(
      { type: "members", members: MEMBERS, group: GROUP },
      { type: "alarm", alarm: "stalled", isOn: true },
      { type: "line", leaf: 0, text: "Hallo" },
      { type: "line", leaf: 1, text: "Selber" },
      { type: "line", leaf: 7, text: "von niemandem" },
    );
    expect(stage.state).toMatchObject({ members: MEMBERS, group: GROUP });
    expect([...stage.state.alarms]).toEqual(["stalled"]);
    expect(stage.state.chat.map((line) => [line.participant, line.name, line.text])).toEqual([
      ["ada", "Leaf 0", "Hallo"],
      ["me", "Leaf 1", "Selber"],
    ]);
    stage.say(
      { type: "members", members: [], group: "" },
      { type: "alarm", alarm: "stalled", isOn: false },
    );
    expect(stage.state).toMatchObject({ members: [], group: null });
    expect([...stage.state.alarms]).toEqual([]);
  });

  it("38: no line that did not come through the group", () => {
    const stage = new Stage();
    stage.protection.receive(welcome({ mode: "e2ee-mls" }));
    stage.protection.receive({ type: "chat", participant: "ada", name: "Ada", text: "Hallo" });
    stage.protection.receive({ type: "sealed_chat", participant: "ada", line: "Hallo" });
    expect(stage.state.chat.map(({ text }) => text)).toEqual([null, null]);
  });

  it("what was refused as counts", () => {
    const stage = new Stage();
    for (const reason of ["malformed", "repeated", "malformed"] as const) {
      stage.say({ type: "refused", reason });
    }
    expect(Object.fromEntries(stage.protection.refusals)).toEqual({ malformed: 2, repeated: 1 });
    expect(stage.heard).toEqual([]);
  });

  it("that there are keys of another epoch, and wants others when those were given away", () => {
    const stage = new Stage();
    stage.say({ type: "rekeyed" });
    expect(stage.rekeyings).toBe(1);
    stage.protection.renew();
    expect(stage.fed.at(-1)).toEqual({ type: "renew" });
  });

  it("that the worker is gone", async () => {
    const stage = new Stage();
    stage.answers = new Error("gone");
    stage.protection.lost();
    expect(await stage.protection.say("Hallo")).toBe(false);
    expect(stage.failures).toBe(2);
  });
});

describe("a line of ours", () => {
  const own: GroupOutput = { type: "line", leaf: 1, text: "Hallo" };

  it.each([
    ["leaves and is shown", [message, own], true, true, ["Hallo"]],
    ["is not shown when it does not leave", [message, own], false, false, []],
    ["does not leave while we are in no group", [], true, false, []],
  ] as const)("%s", async (_, answers, isOnline, isSent, shown) => {
    const stage = new Stage();
    stage.say({ type: "members", members: MEMBERS, group: GROUP });
    stage.answers = [...answers];
    stage.isOnline = isOnline;
    expect(await stage.protection.say("Hallo")).toBe(isSent);
    expect(stage.state.chat.map(({ text }) => text)).toEqual(shown);
  });
});
