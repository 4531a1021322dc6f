/** Members of groups for a host, which knows them by numbers, and keeps their devices' keys. */

import { Member } from "../mls/member";
import { suite } from "../mls/suite";
import type { Device, Input, Output } from "../mls/types";
import { decode, encode } from "../sealing/base64url";
import type { Bytes } from "../sealing/bytes";
import { type Command, Handles, offer } from "./commands";

/** The host's: signs with the key of a device. All texts are base64url. */
export type Sign = (device: string, data: string) => Promise<string>;

interface Told {
  readonly secret: string;
  readonly room: string;
  readonly name: string;
  readonly person: string;
  readonly device: string;
  readonly endorsement: string;
}

const members = new Handles<Member>();

function bytes(text: string): Bytes {
  const data = decode(text);
  if (data === null) {
    throw new Error("This is no base64url.");
  }
  return data;
}

function deviceOf({ person, device, endorsement }: Told, sign: Sign): Device {
  return {
    person: bytes(person),
    device: bytes(device),
    endorsement: bytes(endorsement),
    sign: async (data) => bytes(await sign(device, encode(data))),
  };
}

/** As JSON has it: bytes are base64url, and the keys of leaves a list. */
function written(output: Output): object {
  if (output.type !== "epoch") {
    return output;
  }
  const { context, baseKeys, ...keys } = output.keys;
  const listed = [...baseKeys].map(([leaf, key]) => [leaf, encode(key)]);
  return { type: "epoch", ...keys, context: encode(context), baseKeys: listed };
}

export function offerMembers(sign: Sign): void {
  const offered: Readonly<Record<string, Command>> = {
    member(told: Told) {
      const { room, name } = told;
      const options = { roomSecret: bytes(told.secret), room, name, device: deviceOf(told, sign) };
      return members.add(new Member(options, suite));
    },
    introduce({ member }: { member: number }) {
      return members.get(member).introduce();
    },
    async receive({ member, input, now }: { member: number; input: Input; now: number }) {
      return (await members.get(member).receive(input, now)).map(written);
    },
    close({ member }: { member: number }) {
      members.free(member);
    },
  };
  offer(offered);
}
