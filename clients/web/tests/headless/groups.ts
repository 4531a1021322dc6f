/** The same program for tests in Python, with commands for bare groups: no policy but MLS. */

import "../../src/headless/main";
import { type Command, Handles, offer } from "../../src/headless/commands";
import { Group } from "../../src/mls/group";
import { makePackage, type OwnPackage, readPackage } from "../../src/mls/packages";
import { suite } from "../../src/mls/suite";
import { decode, encode } from "../../src/sealing/base64url";
import { type Bytes, utf8 } from "../../src/sealing/bytes";

const packs = new Handles<OwnPackage>();
const groups = new Handles<Group>();

const anybody = () => true;

function bytes(text: string): Bytes {
  const data = decode(text);
  if (data === null) {
    throw new Error("This is no base64url.");
  }
  return data;
}

/** A view of a group: `next` follows another, which stays as it is. */
function view(next: Group, more: object = {}): object {
  const { epoch, ownLeaf, isOver } = next;
  const leaves = next.leaves.map(({ leaf, identity }) => [leaf, encode(identity)]);
  const about = { epoch, own_leaf: ownLeaf, is_over: isOver, leaves };
  return { ...more, ...about, group: groups.add(next), transcript: encode(next.transcript) };
}

const offered: Readonly<Record<string, Command>> = {
  async pack({ name }: { name: string }) {
    const pack = await makePackage(suite, async () => utf8(name));
    return { pack: packs.add(pack), bytes: encode(pack.bytes) };
  },
  async create({ id, pack }: { id: string; pack: number }) {
    return view(await Group.create(bytes(id), packs.get(pack), anybody, suite));
  },
  async join({ welcome, pack }: { welcome: string; pack: number }) {
    return view(await Group.join(bytes(welcome), packs.get(pack), anybody, suite));
  },
  async commit({ group, add, remove }: { group: number; add: string[]; remove: number[] }) {
    const added = add.map((pack) => readPackage(bytes(pack)));
    const { commit, welcome, next } = await groups.get(group).commit(added, remove);
    return view(next, { commit: encode(commit), welcome: welcome && encode(welcome) });
  },
  async process({ group, commit }: { group: number; commit: string }) {
    return view(await groups.get(group).process(bytes(commit)));
  },
  async seal({ group, data }: { group: number; data: string }) {
    const { message, next } = await groups.get(group).seal(bytes(data));
    return view(next, { message: encode(message) });
  },
  async open({ group, message }: { group: number; message: string }) {
    const { leaf, data, next } = await groups.get(group).open(bytes(message));
    return view(next, { leaf, data: encode(data) });
  },
  async export({ group, label, length }: { group: number; label: string; length: number }) {
    return encode(await groups.get(group).export(label, utf8(""), length));
  },
  draw({ length }: { length: number }) {
    return encode(crypto.getRandomValues(new Uint8Array(length)));
  },
  free({ group }: { group: number }) {
    groups.free(group);
  },
};

offer(offered);
