/** Consent: keys leave only after a yes, and no key is used any further after a no. */

import { expect, test } from "vitest";
import { Consent } from "../../src/call/consent";
import type { ClientMessage, Recording } from "../../src/protocol/messages";

const RECORDING: Recording = { id: "r1", public_key: "k".repeat(43), by: null };

function consenting(sealer: boolean = true) {
  const sent: ClientMessage[] = [];
  let renewals = 0;
  const consent = new Consent(
    sealer ? { sealKeys: async (key, recording) => `${key}-${recording}` } : null,
    {
      send: (message) => sent.push(message) > 0,
      renew: () => {
        renewals += 1;
      },
      changed: () => undefined,
    },
  );
  return { consent, sent, renewals: () => renewals };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("nothing is sent before somebody says yes", async () => {
  const { consent, sent } = consenting();
  consent.follow(RECORDING);
  consent.rekeyed();
  await settled();
  expect(consent.isOpen).toBe(true);
  expect(sent).toEqual([]);
});

test("a yes sends the keys, and again whenever they are others", async () => {
  const { consent, sent } = consenting();
  consent.follow(RECORDING);
  consent.give();
  await settled();
  consent.rekeyed();
  await settled();
  const keys = { type: "send_recording_keys", recording: "r1", sealed: `${"k".repeat(43)}-r1` };
  expect(sent).toEqual([keys, keys]);
});

test("a no after a yes renews the keys, and sends no more", async () => {
  const { consent, sent, renewals } = consenting();
  consent.follow(RECORDING);
  consent.give();
  await settled();
  consent.refuse();
  consent.rekeyed();
  await settled();
  expect(renewals()).toBe(1);
  expect(sent).toHaveLength(1);
});

test("a no before the keys were sealed keeps them here", async () => {
  const { consent, sent } = consenting();
  consent.follow(RECORDING);
  consent.give();
  consent.refuse();
  await settled();
  expect(sent).toEqual([]);
});

test("a yes is for one recording", async () => {
  const { consent, sent } = consenting();
  consent.follow(RECORDING);
  consent.give();
  await settled();
  consent.follow(null);
  consent.follow({ ...RECORDING, id: "r2" });
  consent.rekeyed();
  await settled();
  expect(consent.answer).toBe("unasked");
  expect(sent).toHaveLength(1);
});

test("in a call that is not sealed nobody is asked", () => {
  const { consent } = consenting(false);
  consent.follow({ ...RECORDING, public_key: null });
  expect(consent.isOpen).toBe(false);
});
