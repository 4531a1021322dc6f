/** What people see of a group, told when it changes; and what members say, as outputs. */

import { encode } from "../sealing/base64url";
import type { Membership } from "./membership";
import type { Roster } from "./roster";
import type { Said } from "./speech";
import type { Alarm, GroupMember, Output } from "./types";
import type { Watch } from "./watch";

const ALARMS = ["split", "stalled", "unadmitted"] as const satisfies readonly Alarm[];

export class Display {
  readonly #roster: Roster;
  readonly #watch: Watch;
  #shown = "";
  #alarms: ReadonlySet<Alarm> = new Set();

  constructor(roster: Roster, watch: Watch) {
    this.#roster = roster;
    this.#watch = watch;
  }

  changes(membership: Membership | null, now: number): Output[] {
    return [...this.#membersIfChanged(membership, now), ...this.#changedAlarms(now)];
  }

  #membersIfChanged(membership: Membership | null, now: number): Output[] {
    const members = membership ? listMembers(membership, this.#roster, this.#watch, now) : [];
    const group = membership ? encode(membership.id) : "";
    const text = JSON.stringify([members, group]);
    if (text === this.#shown) {
      return [];
    }
    this.#shown = text;
    return [{ type: "members", members, group }];
  }

  #changedAlarms(now: number): Output[] {
    const [before, alarms] = [this.#alarms, this.#watch.alarms(now)];
    this.#alarms = alarms;
    const changed = ALARMS.filter((alarm) => alarms.has(alarm) !== before.has(alarm));
    return changed.map((alarm) => ({ type: "alarm", alarm, isOn: alarms.has(alarm) }));
  }
}

/** What a member's words mean for whoever hears them. */
export function outputsOf(leaf: number, epoch: number, said: Said): Output[] {
  switch (said.kind) {
    case "chat":
      return [{ type: "line", leaf, text: said.text }];
    case "beacon": {
      const { time, counters, final } = said;
      const beacon = { type: "beacon", leaf, epoch, time, counters } as const;
      return final ? [beacon, { type: "final", leaf, ...final }] : [beacon];
    }
  }
}

/** Everybody in the tree, for people to see. */
function listMembers(
  membership: Membership,
  roster: Roster,
  watch: Watch,
  now: number,
): GroupMember[] {
  const candidates = roster.candidates();
  return [...membership.leaves].flatMap(([key, leaf]) => {
    const identity = membership.identityOf(key);
    const isSelf = leaf === membership.ownLeaf;
    return identity === null
      ? []
      : {
          leaf,
          participant: candidates.get(key)?.participant ?? null,
          ...identity,
          isSelf,
          isSilent: !isSelf && watch.isSilent(key, now),
        };
  });
}
