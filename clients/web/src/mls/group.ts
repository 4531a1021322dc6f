/** One member's view of an MLS group (RFC 9420): each step gives the next view, none changes one. */

import {
  type CiphersuiteImpl,
  type ClientConfig,
  type ClientState,
  createApplicationMessage,
  createCommit,
  createGroup,
  joinGroup,
  makePskIndex,
  mlsExporter,
  type Proposal,
  processPublicMessage,
  zeroOutUint8Array,
} from "ts-mls";
import { unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import type { Bytes } from "../sealing/bytes";
import type { OwnPackage, ReadPackage } from "./packages";
import { Refused } from "./refused";
import { decode, describe, encode, isEqual, own, readPrivate } from "./wire";

/** Whether a leaf with this signature key may have this identity. */
export type CredentialCheck = (identity: Bytes, leafKey: Bytes) => boolean;

export interface Leaf {
  readonly leaf: number;
  readonly leafKey: Bytes;
  readonly identity: Bytes;
}

export interface Committed {
  readonly commit: Bytes;
  readonly welcome: Bytes | null;
  readonly next: Group;
}

export interface Opened {
  readonly leaf: number;
  readonly epoch: number;
  readonly data: Bytes;
  readonly next: Group;
}

export class Group {
  readonly #state: ClientState;
  readonly #suite: CiphersuiteImpl;
  /** What nobody needs any more once this view is the one that counts. */
  readonly #used: readonly Uint8Array[];

  private constructor(
    state: ClientState,
    suite: CiphersuiteImpl,
    used: readonly Uint8Array[] = [],
  ) {
    this.#state = state;
    this.#suite = suite;
    this.#used = used;
  }

  /** Be the first member. */
  static async create(
    id: Bytes,
    pack: OwnPackage,
    check: CredentialCheck,
    suite: CiphersuiteImpl,
  ): Promise<Group> {
    const { publicPackage, privatePackage } = pack;
    const state = createGroup(id, publicPackage, privatePackage, [], suite, configFor(check));
    privatePackage.initPrivateKey.fill(0); // nobody adds the first member
    return new Group(await state, suite);
  }

  /** Join by a Welcome; throws Refused. */
  static join(
    welcome: Bytes,
    pack: OwnPackage,
    check: CredentialCheck,
    suite: CiphersuiteImpl,
  ): Promise<Group> {
    return verdict(check, async (noted) => {
      const message = decode(welcome);
      if (message.wireformat !== "mls_welcome" || message.welcome.cipherSuite !== suite.name) {
        throw new Refused("malformed", "no welcome of our suite");
      }
      const { publicPackage, privatePackage } = pack;
      const state = await joinGroup(
        message.welcome,
        publicPackage,
        privatePackage,
        makePskIndex(undefined, {}),
        suite,
        undefined,
        undefined,
        configFor(noted),
      );
      if (state.groupContext.extensions.length > 0) {
        throw new Refused("forbidden_proposal", "the group has extensions");
      }
      privatePackage.initPrivateKey.fill(0); // or whoever steals it later opens the Welcome, too
      return new Group({ ...state, clientConfig: configFor(check) }, suite);
    });
  }

  get id(): Bytes {
    return own(this.#state.groupContext.groupId);
  }

  get epoch(): number {
    return Number(this.#state.groupContext.epoch);
  }

  get ownLeaf(): number {
    return this.#state.privatePath.leafIndex;
  }

  /** Whether we were removed: then this view is the last. */
  get isOver(): boolean {
    return this.#state.groupActiveState.kind !== "active";
  }

  /** The confirmed transcript hash (section 8.2). */
  get transcript(): Bytes {
    return own(this.#state.groupContext.confirmedTranscriptHash);
  }

  get leaves(): Leaf[] {
    return this.#state.ratchetTree.flatMap((node, at) =>
      node?.nodeType === "leaf" ? [{ leaf: at / 2, ...describe(node.leaf) }] : [],
    );
  }

  /** MLS-Exporter (section 8.5). */
  async export(label: string, context: Bytes, length: number): Promise<Bytes> {
    const { exporterSecret } = this.#state.keySchedule;
    return own(await mlsExporter(exporterSecret, label, context, length, this.#suite));
  }

  /** Erase the secrets of earlier views that this one follows, and the exporter's. */
  erase(): void {
    this.#used.forEach(zeroOutUint8Array);
    zeroOutUint8Array(this.#state.keySchedule.exporterSecret);
  }

  /** Throws Refused if one of the packages cannot be added. */
  async commit(add: readonly ReadPackage[], remove: readonly number[]): Promise<Committed> {
    const extraProposals: Proposal[] = [
      ...remove.map((removed) => ({ proposalType: "remove" as const, remove: { removed } })),
      ...add.map(({ keyPackage }) => ({ proposalType: "add" as const, add: { keyPackage } })),
    ];
    return verdict(this.#check, async () => {
      const { commit, welcome, newState, consumed } = await createCommit(
        { state: this.#state, cipherSuite: this.#suite },
        { wireAsPublicMessage: true, ratchetTreeExtension: true, extraProposals },
      );
      return {
        commit: encode(commit),
        welcome: welcome ? encode({ wireformat: "mls_welcome", welcome }) : null,
        next: this.#followedBy(newState, consumed),
      };
    });
  }

  /** Apply somebody else's commit; throws Refused. */
  process(commit: Bytes): Promise<Group> {
    return verdict(this.#check, async (noted) => {
      const message = decode(commit);
      if (message.wireformat !== "mls_public_message") {
        throw new Refused("malformed", "no public message");
      }
      const { publicMessage } = message;
      const { content } = publicMessage;
      if (content.sender.senderType !== "member") {
        throw new Refused("not_a_member", "not a commit of a member");
      }
      if (content.contentType !== "commit" || !isModest(content.commit.proposals)) {
        throw new Refused("forbidden_proposal", "not a commit of adds and removes");
      }
      const state = { ...this.#state, clientConfig: configFor(noted) };
      const psks = makePskIndex(undefined, {});
      const result = await processPublicMessage(state, publicMessage, psks, this.#suite);
      const { newState, consumed } = result;
      return this.#followedBy({ ...newState, clientConfig: this.#state.clientConfig }, consumed);
    });
  }

  /** A PrivateMessage to the others (section 6.3). */
  async seal(data: Bytes): Promise<{ message: Bytes; next: Group }> {
    const made = await createApplicationMessage(this.#state, data, this.#suite);
    const { privateMessage, newState, consumed } = made;
    const message = encode({ wireformat: "mls_private_message", privateMessage });
    return { message, next: this.#followedBy(newState, consumed) };
  }

  /** The epoch that a PrivateMessage says it is of; throws Refused. */
  static epochOf(message: Bytes): number {
    return Number(readPrivate(message).epoch);
  }

  /** What a member said in this epoch or one of the last four; throws Refused. */
  open(message: Bytes): Promise<Opened> {
    return verdict(this.#check, async () => {
      const sealed = readPrivate(message);
      if (sealed.contentType !== "application") {
        throw new Refused("forbidden_proposal", "not an application message");
      }
      const { state, from } = this.#receiverOf(sealed.epoch);
      const { content, tree, consumed } = await unprotectPrivateMessage(
        from.senderDataSecret,
        sealed,
        from.secretTree,
        from.ratchetTree,
        from.groupContext,
        state.clientConfig.keyRetentionConfig,
        this.#suite,
      );
      const { sender, epoch } = content.content;
      if (content.content.contentType !== "application" || sender.senderType !== "member") {
        throw new Refused("malformed", "not an application message of a member");
      }
      return {
        leaf: sender.leafIndex,
        epoch: Number(epoch),
        data: own(content.content.applicationData),
        next: this.#followedBy(from.advance(tree), consumed),
      };
    });
  }

  get #check(): CredentialCheck {
    return checks.get(this.#state.clientConfig) ?? (() => false);
  }

  /** The part of our state that opens messages of an epoch; throws Refused. */
  #receiverOf(epoch: bigint) {
    const state = this.#state;
    const { groupContext, secretTree, ratchetTree, keySchedule, historicalReceiverData } = state;
    if (epoch === groupContext.epoch) {
      const { senderDataSecret } = keySchedule;
      const advance = (tree: typeof secretTree) => ({ ...state, secretTree: tree });
      return { state, from: { senderDataSecret, secretTree, ratchetTree, groupContext, advance } };
    }
    const past = historicalReceiverData.get(epoch);
    if (past === undefined) {
      throw new Refused("not_authentic", "of an epoch that we have no keys of");
    }
    const advance = (tree: typeof secretTree) => {
      const all = new Map(historicalReceiverData).set(epoch, { ...past, secretTree: tree });
      return { ...state, historicalReceiverData: all };
    };
    return { state, from: { ...past, advance } };
  }

  #followedBy(state: ClientState, used: readonly Uint8Array[]): Group {
    return new Group(state, this.#suite, used);
  }
}

/** Whose check a configuration has: ts-mls wraps it in a service of its own. */
const checks = new WeakMap<ClientConfig, CredentialCheck>();

function configFor(check: CredentialCheck): ClientConfig {
  const config: ClientConfig = {
    keyRetentionConfig: {
      retainKeysForGenerations: 32,
      retainKeysForEpochs: 4,
      maximumForwardRatchetSteps: 1024,
    },
    lifetimeConfig: { maximumTotalLifetime: 1n << 41n, validateLifetimeOnReceive: false },
    keyPackageEqualityConfig: {
      compareKeyPackages: (a, b) =>
        isEqual(a.leafNode.signaturePublicKey, b.leafNode.signaturePublicKey),
      compareKeyPackageToLeafNode: (a, b) =>
        isEqual(a.leafNode.signaturePublicKey, b.signaturePublicKey),
    },
    paddingConfig: { kind: "padUntilLength", padUntilLength: 0 },
    authService: {
      validateCredential: async (credential, leafKey) =>
        credential.credentialType === "basic" && check(own(credential.identity), own(leafKey)),
    },
  };
  checks.set(config, check);
  return config;
}

/** Run a step of ts-mls, and turn whatever it throws into Refused. */
async function verdict<T>(
  check: CredentialCheck,
  step: (noted: CredentialCheck) => Promise<T>,
): Promise<T> {
  let isCredentialBad = false;
  const noted: CredentialCheck = (identity, leafKey) => {
    const holds = check(identity, leafKey);
    isCredentialBad ||= !holds;
    return holds;
  };
  try {
    return await step(noted);
  } catch (error) {
    if (error instanceof Refused) {
      throw error;
    }
    throw new Refused(isCredentialBad ? "bad_credential" : "not_authentic", String(error));
  }
}

function isModest(proposals: readonly { readonly proposalOrRefType: string }[]): boolean {
  return proposals.every((one) => {
    const proposal = "proposal" in one ? (one.proposal as Proposal) : null;
    return proposal?.proposalType === "add" || proposal?.proposalType === "remove";
  });
}
