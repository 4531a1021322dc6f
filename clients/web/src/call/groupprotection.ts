/** `e2ee-mls`: what the server says goes to our member of the group, and what that says goes out. */

import type { GroupMember, GroupRefusal, Input, Present } from "../mls/types";
import type { Identifier, Participant, ServerMessage, Welcome } from "../protocol/messages";
import type { GroupOutput } from "../sealing/requests";
import { tidyName } from "../settings";
import type { Line, Protection } from "./protection";

/** Who has the member. */
export interface GroupKeeper {
  onNews: ((outputs: readonly GroupOutput[]) => void) | null;
  greet(): Promise<string>;
  feed(input: Input): Promise<readonly GroupOutput[]>;
}

export class GroupProtection implements Protection {
  /** What the member did not take, by reason. */
  readonly refusals = new Map<GroupRefusal, number>();
  readonly #keeper: GroupKeeper;
  readonly #line: Line;
  readonly #present = new Map<Identifier, Present>();
  #members: readonly GroupMember[] = [];
  #self: Identifier = "";

  constructor(keeper: GroupKeeper, line: Line) {
    this.#keeper = keeper;
    this.#line = line;
    keeper.onNews = (outputs) => this.#publish(outputs);
  }

  introduce(): Promise<string> {
    return this.#keeper.greet();
  }

  lost(): void {
    this.#tell({ type: "lost" });
  }

  renew(): void {
    this.#tell({ type: "renew" });
  }

  async say(text: string): Promise<boolean> {
    try {
      return this.#publish(await this.#keeper.feed({ type: "say", text }));
    } catch {
      this.#line.failed();
      return false;
    }
  }

  receive(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        this.#line.deliver(message);
        this.#enter(message);
        return;
      case "participant_joined":
        this.#line.deliver(message);
        this.#see(message.participant);
        return;
      case "participant_updated": {
        this.#line.deliver(message);
        const { participant: id, connected, hello } = message;
        this.#see({ id, connected, hello });
        return;
      }
      case "participant_left":
        this.#line.deliver(message);
        this.#present.delete(message.participant);
        this.#tellPresent();
        return;
      case "group_started":
      case "commit_accepted":
      case "group_welcome":
      case "group_message":
      case "group_ended":
        this.#tell(message);
        return;
      case "problem":
        this.#line.deliver(message);
        this.#tell(message);
        return;
      case "chat":
      case "sealed_chat":
        // Nobody in a group says anything in this way.
        this.#line.deliver({ type: "unopened_chat", participant: message.participant });
        return;
      default:
        this.#line.deliver(message);
    }
  }

  #enter({ participant, participants, resumed, group, mode }: Welcome): void {
    if (mode !== "e2ee-mls") {
      return; // the call is over
    }
    this.#self = participant;
    this.#present.clear();
    for (const one of participants) {
      this.#present.set(one.id, presentOf(one));
    }
    const present = [...this.#present.values()];
    this.#tell({ type: "entered", self: participant, resumed, group, present });
  }

  #see(participant: Pick<Participant, "id" | "connected" | "hello">): void {
    this.#present.set(participant.id, presentOf(participant));
    this.#tellPresent();
  }

  #tellPresent(): void {
    this.#tell({ type: "present", present: [...this.#present.values()] });
  }

  #tell(input: Input): void {
    this.#keeper.feed(input).then(
      (outputs) => this.#publish(outputs),
      () => this.#line.failed(),
    );
  }

  /** Whether there was something to send, and all of it left. */
  #publish(outputs: readonly GroupOutput[]): boolean {
    let [isSent, isLost] = [false, false];
    for (const output of outputs) {
      if (output.type === "send") {
        isSent = this.#line.send(output.message);
        isLost ||= !isSent;
      } else if (output.type === "line") {
        this.#show(output.leaf, output.text, isLost);
      } else if (output.type === "members") {
        this.#members = output.members;
        this.#line.deliver(output);
      } else if (output.type === "rekeyed") {
        this.#line.rekeyed();
      } else if (output.type === "refused") {
        this.refusals.set(output.reason, (this.refusals.get(output.reason) ?? 0) + 1);
      } else {
        this.#line.deliver(output);
      }
    }
    return isSent && !isLost;
  }

  /** A line of somebody's, or of our own once it has left. */
  #show(leaf: number, text: string, isLost: boolean): void {
    const member = this.#members.find((one) => one.leaf === leaf);
    if (member && !(member.isSelf && isLost)) {
      const participant = member.isSelf ? this.#self : (member.participant ?? "");
      this.#line.deliver({ type: "chat", participant, name: tidyName(member.name), text });
    }
  }
}

function presentOf({ id, connected, hello }: Pick<Participant, "id" | "connected" | "hello">) {
  return { participant: id, connected, hello };
}
