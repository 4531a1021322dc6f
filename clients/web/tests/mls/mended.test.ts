/** What is mended in ts-mls, where no other implementation would notice. */

import {
  type ClientState,
  createCommit,
  createGroup,
  emptyPskIndex,
  joinGroup,
  type Proposal,
} from "ts-mls";
import { initializeEpoch } from "ts-mls/keySchedule.js";
import { expect, it } from "vitest";
import { makePackage } from "../../src/mls/packages";
import { suite } from "../../src/mls/suite";
import { utf8 } from "../../src/sealing/bytes";

const ZEROS = new Uint8Array(32);

async function commit(state: ClientState, proposal: Proposal) {
  const options = {
    extraProposals: [proposal],
    ratchetTreeExtension: true,
    wireAsPublicMessage: true,
  };
  return createCommit({ state, cipherSuite: suite }, options);
}

/** Anna adds Ben, and removes him: both at their last view, and hers from then on. */
async function removal() {
  const [anna, ben] = await Promise.all(
    ["anna", "ben"].map((name) => makePackage(suite, async () => utf8(name))),
  );
  if (anna === undefined || ben === undefined) {
    throw new Error("There are two.");
  }
  const { publicPackage, privatePackage } = anna;
  const alone = await createGroup(utf8("group"), publicPackage, privatePackage, [], suite);
  const keyPackage = ben.publicPackage;
  const both = await commit(alone, { proposalType: "add", add: { keyPackage } });
  if (both.welcome === undefined) {
    throw new Error("Ben is welcome.");
  }
  const { welcome } = both;
  const removed = await joinGroup(welcome, keyPackage, ben.privatePackage, emptyPskIndex, suite);
  const left = await commit(both.newState, { proposalType: "remove", remove: { removed: 1 } });
  return { removed, left: left.newState };
}

it("does not leave the epoch after a removal to the one who was removed, if one is left", async () => {
  const { removed, left } = await removal();
  const { initSecret } = removed.keySchedule;
  const guessed = await initializeEpoch(initSecret, ZEROS, left.groupContext, ZEROS, suite.kdf);
  expect(guessed.keySchedule.exporterSecret).not.toEqual(left.keySchedule.exporterSecret);
});
