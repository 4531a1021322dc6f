/** The mode that was chosen decides how a call is protected, and nothing that the server says. */

import { describe, expect, it } from "vitest";
import type { Heard } from "../../src/call/hearing";
import { protect } from "../../src/call/protection";
import type { ClientMessage } from "../../src/protocol/messages";
import { welcome } from "../people";

describe("a call that is not sealed", () => {
  it("passes everything at once, but sealed lines; and says what it says in clear", async () => {
    const [heard, sent]: [Heard[], ClientMessage[]] = [[], []];
    const protection = protect("hop", null, "Ana", {
      send: (message) => sent.push(message) > 0,
      deliver: (message) => heard.push(message),
      rekeyed: () => expect.unreachable(),
      rejoin: () => expect.unreachable(),
      failed: () => expect.unreachable(),
    });
    protection.receive(welcome());
    protection.receive({ type: "sealed_chat", participant: "ada", line: "line: Hallo" });
    expect(heard).toEqual([welcome()]);
    expect(await protection.introduce()).toBeNull();
    expect(await protection.say("Hallo")).toBe(true);
    expect(sent).toEqual([{ type: "send_chat", text: "Hallo" }]);
  });
});

it.each(["e2ee-passphrase", "e2ee-mls"] as const)("40: there is no %s without keys", (mode) => {
  const nothing = () => undefined;
  const line = {
    send: () => true,
    deliver: nothing,
    rekeyed: nothing,
    rejoin: nothing,
    failed: nothing,
  };
  expect(() => protect(mode, null, "Ana", line)).toThrow("nobody has the keys");
});
