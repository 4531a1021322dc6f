/** Suite 1, by the vectors of the MLS working group, and beside WebCrypto. */

import { getCiphersuiteFromName, getCiphersuiteImpl, mlsExporter } from "ts-mls";
import { encodeCommit } from "ts-mls/commit.js";
import { decodeGroupContext, type GroupContext } from "ts-mls/groupContext.js";
import { verifyGroupInfoConfirmationTag, verifyGroupInfoSignature } from "ts-mls/groupInfo.js";
import { makeKeyPackageRef } from "ts-mls/keyPackage.js";
import { defaultKeyRetentionConfig } from "ts-mls/keyRetentionConfig.js";
import { initializeEpoch } from "ts-mls/keySchedule.js";
import { unprotectPrivateMessage } from "ts-mls/messageProtection.js";
import { unprotectPublicMessage } from "ts-mls/messageProtectionPublic.js";
import { encodeProposal } from "ts-mls/proposal.js";
import { createSecretTree } from "ts-mls/secretTree.js";
import { decryptGroupInfo, decryptGroupSecrets } from "ts-mls/welcome.js";
import { describe, expect, it } from "vitest";
import schedules from "../../../../tests/data/vectors/mls/key-schedule.json";
import protections from "../../../../tests/data/vectors/mls/message-protection.json";
import commits from "../../../../tests/data/vectors/mls/passive-client-handling-commit.json";
import random from "../../../../tests/data/vectors/mls/passive-client-random.json";
import passiveWelcomes from "../../../../tests/data/vectors/mls/passive-client-welcome.json";
import welcomes from "../../../../tests/data/vectors/mls/welcome.json";
import { suite } from "../../src/mls/suite";
import { utf8 } from "../../src/sealing/bytes";
import { hex, unhex } from "../sealing/hex";
import { dice, randomBytes } from "../sealing/senders";
import { read } from "./messages";
import { PassiveClient, type Told } from "./passive";

const asHex = (data: Uint8Array) => hex(new Uint8Array(data));
const NONE = new Uint8Array();
const ZEROS = new Uint8Array(suite.kdf.size);

const COMPARED = [
  "joiner_secret",
  "welcome_secret",
  "encryption_secret",
  "init_secret",
  "sender_data_secret",
  "exporter_secret",
  "external_secret",
  "confirmation_key",
  "membership_key",
  "resumption_psk",
  "epoch_authenticator",
];

function contextOf(encoded: string): GroupContext {
  const [context] = decodeGroupContext(unhex(encoded), 0) ?? [];
  if (context === undefined) {
    throw new Error("This is no GroupContext.");
  }
  return context;
}

describe("the key schedule", () => {
  it.each(schedules)("leads from epoch to epoch", async ({ initial_init_secret, epochs }) => {
    let init: Uint8Array = unhex(initial_init_secret);
    for (const told of epochs) {
      const { keySchedule, ...secrets } = await initializeEpoch(
        init,
        unhex(told.commit_secret),
        contextOf(told.group_context),
        unhex(told.psk_secret),
        suite.kdf,
      );
      init = keySchedule.initSecret;
      expect({
        joiner_secret: asHex(secrets.joinerSecret),
        welcome_secret: asHex(secrets.welcomeSecret),
        encryption_secret: asHex(secrets.encryptionSecret),
        init_secret: asHex(init),
        sender_data_secret: asHex(keySchedule.senderDataSecret),
        exporter_secret: asHex(keySchedule.exporterSecret),
        external_secret: asHex(keySchedule.externalSecret),
        confirmation_key: asHex(keySchedule.confirmationKey),
        membership_key: asHex(keySchedule.membershipKey),
        resumption_psk: asHex(keySchedule.resumptionPsk),
        epoch_authenticator: asHex(keySchedule.epochAuthenticator),
      }).toEqual(
        Object.fromEntries(Object.entries(told).filter(([name]) => COMPARED.includes(name))),
      );
      const { label, context, length, secret } = told.exporter;
      const from = unhex(told.exporter_secret);
      expect(asHex(await mlsExporter(from, label, unhex(context), length, suite))).toBe(secret);
      const external = await suite.hpke.deriveKeyPair(unhex(told.external_secret));
      expect(asHex(await suite.hpke.exportPublicKey(external.publicKey))).toBe(told.external_pub);
    }
  });
});

describe.each(protections)("message protection", (told) => {
  const key = unhex(told.signature_pub);
  const context: GroupContext = {
    version: "mls10",
    cipherSuite: suite.name,
    groupId: unhex(told.group_id),
    epoch: BigInt(told.epoch),
    treeHash: unhex(told.tree_hash),
    confirmedTranscriptHash: unhex(told.confirmed_transcript_hash),
    extensions: [],
  };

  async function fromPrivate(text: string) {
    const { privateMessage } = read(text, "mls_private_message");
    const leaves = await createSecretTree(2, unhex(told.encryption_secret), suite.kdf);
    const { content } = await unprotectPrivateMessage(
      unhex(told.sender_data_secret),
      privateMessage,
      leaves,
      [],
      context,
      defaultKeyRetentionConfig,
      suite,
      key,
    );
    return encoded(content.content);
  }

  async function fromPublic(text: string) {
    const { publicMessage } = read(text, "mls_public_message");
    const membership = unhex(told.membership_key);
    const content = await unprotectPublicMessage(
      membership,
      context,
      [],
      publicMessage,
      suite,
      key,
    );
    return encoded(content.content);
  }

  it.each([
    ["a proposal", told.proposal_priv, told.proposal],
    ["a commit", told.commit_priv, told.commit],
    ["application data", told.application_priv, told.application],
  ])("opens %s", async (_, sealed, plain) => {
    expect(await fromPrivate(sealed)).toBe(plain);
    await expect(fromPrivate(flipped(sealed))).rejects.toThrow();
  });

  it.each([
    ["a proposal", told.proposal_pub, told.proposal],
    ["a commit", told.commit_pub, told.commit],
  ])("authenticates %s", async (_, signed, plain) => {
    expect(await fromPublic(signed)).toBe(plain);
    await expect(fromPublic(flipped(signed))).rejects.toThrow();
  });
});

type Content = Awaited<ReturnType<typeof unprotectPrivateMessage>>["content"]["content"];

function encoded(content: Content): string {
  switch (content.contentType) {
    case "application":
      return asHex(content.applicationData);
    case "proposal":
      return asHex(encodeProposal(content.proposal));
    case "commit":
      return asHex(encodeCommit(content.commit));
  }
}

/** The same but for one bit of its end: of a tag, a signature or a MAC. */
function flipped(message: string): string {
  return message.slice(0, -1) + (Number.parseInt(message.slice(-1), 16) ^ 1).toString(16);
}

describe("a Welcome", () => {
  it.each(welcomes)("opens and is authentic", async (told) => {
    const { welcome } = read(told.welcome, "mls_welcome");
    const { keyPackage } = read(told.key_package, "mls_key_package");
    const secrets = await decryptGroupSecrets(
      await suite.hpke.importPrivateKey(unhex(told.init_priv)),
      await makeKeyPackageRef(keyPackage, suite.hash),
      welcome,
      suite.hpke,
    );
    const joiner = secrets?.joinerSecret ?? NONE;
    const info = await decryptGroupInfo(welcome, joiner, ZEROS, suite);
    if (info === undefined) {
      throw new Error("There is no GroupInfo in it.");
    }
    const signer = unhex(told.signer_pub);
    expect(await verifyGroupInfoSignature(info, signer, suite.signature)).toBe(true);
    expect(await verifyGroupInfoConfirmationTag(info, joiner, ZEROS, suite)).toBe(true);
  });
});

describe.each([
  { name: "welcomed", clients: passiveWelcomes as readonly Told[] },
  { name: "following commits", clients: commits as readonly Told[] },
  { name: "in a random history", clients: random as readonly Told[] },
])("a passive client $name", { timeout: 60_000 }, ({ clients }) => {
  it.each(clients.map((told, at) => ({ number: at + 1, told })))(
    "number $number",
    async ({ told }) => {
      const client = await PassiveClient.join(told);
      expect(client.authenticator).toBe(told.initial_epoch_authenticator);
      for (const { proposals, commit, epoch_authenticator } of told.epochs) {
        for (const message of [...proposals, commit]) {
          await client.follow(message);
        }
        expect(client.authenticator).toBe(epoch_authenticator);
      }
    },
    60_000,
  );
});

describe("beside WebCrypto", async () => {
  const web = await getCiphersuiteImpl(getCiphersuiteFromName(suite.name));
  const pairs = [
    { name: "we seal, it opens", one: suite, other: web },
    { name: "it seals, we open", one: web, other: suite },
  ];
  const [info, associated] = [utf8("info"), utf8("associated")];

  it.each(pairs)("HPKE: $name", async ({ one, other }) => {
    const roll = dice(9180);
    for (let round = 0; round < 30; round += 1) {
      const material = randomBytes(roll, 64);
      const { publicKey } = await one.hpke.deriveKeyPair(material);
      const { privateKey } = await other.hpke.deriveKeyPair(material);
      const plain = randomBytes(roll, 100);
      const { enc, ct } = await one.hpke.seal(publicKey, plain, info, associated);
      expect(asHex(await other.hpke.open(privateKey, enc, ct, info, associated))).toBe(hex(plain));
      const sent = await one.hpke.exportSecret(publicKey, plain, 32, info);
      const { importSecret } = other.hpke;
      expect(asHex(await importSecret(privateKey, plain, sent.enc, 32, info))).toBe(
        asHex(sent.secret),
      );
    }
  });

  it.each(pairs)("signatures: $name", async ({ one, other }) => {
    const { signKey, publicKey } = await suite.signature.keygen();
    const message = utf8("a message");
    const signed = await one.signature.sign(signKey, message);
    expect(await other.signature.verify(publicKey, message, signed)).toBe(true);
    expect(await other.signature.verify(publicKey, utf8("another"), signed)).toBe(false);
  });
});

describe("what is not authentic", () => {
  it("is no MAC", async () => {
    const key = utf8("key");
    const mac = await suite.hash.mac(key, utf8("data"));
    expect(await suite.hash.verifyMac(key, mac, utf8("data"))).toBe(true);
    const changed = mac.map((byte, at) => (at === 31 ? byte ^ 0x80 : byte));
    for (const wrong of [changed, mac.slice(0, 31), Uint8Array.of(...mac, 0), NONE]) {
      expect(await suite.hash.verifyMac(key, wrong, utf8("data"))).toBe(false);
    }
  });

  it("is no signature", async () => {
    const { signKey, publicKey } = await suite.signature.keygen();
    const signed = await suite.signature.sign(signKey, NONE);
    for (const wrong of [signed.slice(1), NONE, new Uint8Array(64).fill(255)]) {
      expect(await suite.signature.verify(publicKey, NONE, wrong)).toBe(false);
    }
    expect(await suite.signature.verify(publicKey.slice(1), NONE, signed)).toBe(false);
  });

  it("is no HPKE message, of whatever bytes", async () => {
    const { privateKey, publicKey } = await suite.hpke.generateKeyPair();
    const { enc, ct } = await suite.hpke.seal(publicKey, utf8("plain"), NONE);
    const roll = dice(16);
    const small = new Uint8Array(32); // a point of small order
    for (const wrong of [small, enc.slice(1), randomBytes(roll, 40)]) {
      await expect(suite.hpke.open(privateKey, wrong, ct, NONE)).rejects.toThrow();
    }
    for (const wrong of [NONE, ct.slice(1), randomBytes(roll, 40)]) {
      await expect(suite.hpke.open(privateKey, enc, wrong, NONE)).rejects.toThrow();
    }
  });
});
