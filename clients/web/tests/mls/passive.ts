/** A client that only follows what others do: the working group's "passive client". */

import { acceptAll, type ClientState, joinGroup, makePskIndex, processMessage } from "ts-mls";
import { decodeRatchetTree } from "ts-mls/ratchetTree.js";
import { suite } from "../../src/mls/suite";
import { hex, unhex } from "../sealing/hex";
import { read } from "./messages";

/** In the words of the vectors' format. */
export interface Told {
  readonly key_package: string;
  readonly signature_priv: string;
  readonly encryption_priv: string;
  readonly init_priv: string;
  readonly welcome: string;
  readonly ratchet_tree: string | null;
  readonly external_psks: readonly { psk_id: string; psk: string }[];
  readonly initial_epoch_authenticator: string;
  readonly epochs: readonly {
    proposals: readonly string[];
    commit: string;
    epoch_authenticator: string;
  }[];
}

export class PassiveClient {
  private constructor(
    private readonly told: Told,
    private state: ClientState,
  ) {}

  static async join(told: Told): Promise<PassiveClient> {
    const keys = {
      initPrivateKey: unhex(told.init_priv),
      hpkePrivateKey: unhex(told.encryption_priv),
      signaturePrivateKey: unhex(told.signature_priv),
    };
    const { welcome } = read(told.welcome, "mls_welcome");
    const { keyPackage } = read(told.key_package, "mls_key_package");
    const tree = told.ratchet_tree === null ? null : decodeRatchetTree(unhex(told.ratchet_tree), 0);
    const known = pskIndex(told, undefined);
    return new PassiveClient(
      told,
      await joinGroup(welcome, keyPackage, keys, known, suite, tree?.[0]),
    );
  }

  async follow(text: string): Promise<void> {
    const message = read(text, "mls_public_message", "mls_private_message");
    const known = pskIndex(this.told, this.state);
    this.state = (await processMessage(message, this.state, known, acceptAll, suite)).newState;
  }

  get authenticator(): string {
    return hex(new Uint8Array(this.state.keySchedule.epochAuthenticator));
  }
}

function pskIndex(told: Told, state: ClientState | undefined) {
  const keys = told.external_psks.map(({ psk_id, psk }) => [
    btoa(String.fromCharCode(...unhex(psk_id))),
    unhex(psk),
  ]);
  return makePskIndex(state, Object.fromEntries(keys));
}
