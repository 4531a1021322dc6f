/** What the server says reaches the call in order, with its names and lines opened. */

import { describe, expect, it } from "vitest";
import { type Heard, Hearing, type Opening } from "../../src/call/hearing";
import { emptyState, receivable, reduce } from "../../src/call/state";
import type { ServerMessage } from "../../src/protocol/messages";
import type { Acquaintance } from "../../src/sealing/keyring";
import { participant, publication, welcome } from "../people";

/** Opens `hello of X` as X, and `line: Y` as Y; slower for the first ones than for the last. */
class Opener implements Opening {
  present: readonly string[] = [];
  #patience = 10;

  async meet(_: string, hello: string | null): Promise<Acquaintance> {
    await this.#wait();
    const name = hello?.startsWith("hello of ") ? hello.slice(9) : "";
    return { standing: name === "" ? "other_key" : "met", name };
  }

  keep(participants: readonly string[]): void {
    this.present = participants;
  }

  part(): void {}

  async openLine(participant: string | null, line: string): Promise<string | null> {
    await this.#wait();
    return line.startsWith("line: ") ? `${participant} ${line.slice(6)}` : null;
  }

  #wait(): Promise<void> {
    this.#patience = Math.max(0, this.#patience - 3);
    return new Promise((resolve) => setTimeout(resolve, this.#patience));
  }
}

async function hear(...messages: ServerMessage[]): Promise<Heard[]> {
  const heard: Heard[] = [];
  const hearing = new Hearing(new Opener(), (message) => heard.push(message), never);
  messages.forEach((message) => {
    hearing.receive(message);
  });
  const answered = () => heard.filter(({ type }) => type !== "introduced").length;
  await expect.poll(answered).toBe(messages.length);
  return heard;
}

const never = () => expect.unreachable();

const stateAfter = (heard: readonly Heard[]) =>
  heard.reduce(reduce, emptyState("garden", "e2ee-passphrase"));

const someone = (id: string, hello: string | null) => ({
  ...participant(id, publication(`c-${id}`)),
  name: "what the server says",
  hello,
});

const WELCOME = welcome({
  mode: "e2ee-passphrase",
  participants: [participant("me"), someone("ada", "hello of Ada"), someone("eve", "nonsense")],
});

describe("in a sealed call", () => {
  it("people have their own names, and only those we met are received", async () => {
    const state = stateAfter(
      await hear(WELCOME, {
        type: "participant_joined",
        participant: someone("bob", "hello of Bob"),
      }),
    );
    expect([...state.participants.values()].map(({ name }) => name)).toEqual([
      "Name of me",
      "Ada",
      "what the server says",
      "Bob",
    ]);
    expect(receivable(state).map((found) => found.publication.id)).toEqual(["c-ada", "c-bob"]);
    expect(state.standings.get("eve")).toBe("other_key");
  });

  it("somebody who returns with another hello is met again, or is a stranger", async () => {
    const update = { type: "participant_updated", connected: true } as const;
    const heard = await hear(
      WELCOME,
      { ...update, participant: "ada", hello: null },
      { ...update, participant: "eve", hello: "hello of Eve" },
    );
    const state = stateAfter(heard);
    expect(receivable(state).map(({ participant: { name } }) => name)).toEqual(["Eve"]);
  });

  it("lines are opened by whoever wrote them, and the names are theirs", async () => {
    const sealed = { type: "sealed_chat", line: "line: Hallo" } as const;
    const { chat } = stateAfter(
      await hear(WELCOME, { ...sealed, participant: "ada" }, { ...sealed, participant: "me" }),
    );
    expect(chat.map(({ name, text }) => [name, text])).toEqual([
      ["Ada", "ada Hallo"],
      ["Name of me", "null Hallo"],
    ]);
  });

  it("lines that cannot be opened, and clear ones, are named but not shown", async () => {
    const { chat } = stateAfter(
      await hear(
        WELCOME,
        { type: "sealed_chat", participant: "ada", line: "nonsense" },
        { type: "chat", participant: "ada", name: "Mallory", text: "Hallo" },
      ),
    );
    expect(chat.map(({ name, text }) => [name, text])).toEqual([
      ["Ada", null],
      ["Ada", null],
    ]);
  });

  it("nothing overtakes what is still being opened", async () => {
    const heard = await hear(WELCOME, { type: "speaker_changed", participant: "ada" });
    expect(heard.map(({ type }) => type)).toEqual([
      "introduced",
      "introduced",
      "welcome",
      "speaker_changed",
    ]);
  });

  it("nothing is taken as it is when the keys are lost", async () => {
    const lost = new Opener();
    lost.meet = () => Promise.reject(new Error("lost"));
    const failed: string[] = [];
    const hearing = new Hearing(lost, never, () => failed.push("failed"));
    hearing.receive(WELCOME);
    await expect.poll(() => failed).toEqual(["failed"]);
  });

  it("the mode is ours, whatever a welcome says", async () => {
    const state = stateAfter(await hear({ ...WELCOME, mode: "hop" }));
    expect(state.mode).toBe("e2ee-passphrase");
  });
});
