/** What the server has told us about the room, as one value that messages turn into the next. */

import type { Verdict } from "../identity/trust";
import type { Alarm, GroupMember } from "../mls/types";
import type {
  Identifier,
  Kind,
  Mode,
  Participant,
  Publication,
  Recording,
  Welcome,
} from "../protocol/messages";
import type { Standing } from "../sealing/keyring";
import { tidyName } from "../settings";
import type { Heard } from "./hearing";

const LONGEST_CHAT = 500;

export interface CurrentLayer {
  /** `S1T2`, or null while no picture is sent. */
  readonly layer: string | null;
  readonly wanted: string | null;
  readonly height: number;
  readonly reason: string;
}

export interface ChatLine {
  readonly number: number;
  readonly participant: Identifier;
  readonly name: string;
  /** Null for what came sealed, or should have, and could not be opened. */
  readonly text: string | null;
}

export interface CallState {
  readonly self: Identifier | null;
  readonly room: string;
  /** The one that we insist on; no server changes it. */
  readonly mode: Mode;
  readonly mayPublish: boolean;
  readonly maySubscribe: boolean;
  readonly moderator: boolean;
  readonly participants: ReadonlyMap<Identifier, Participant>;
  /** In end-to-end modes: what we think of those whose hello we have seen. */
  readonly standings: ReadonlyMap<Identifier, Standing>;
  /** In `e2ee-mls`: who is in the group, as its tree says. */
  readonly members: readonly GroupMember[];
  /** The group that we are in, base64url. */
  readonly group: string | null;
  readonly alarms: ReadonlySet<Alarm>;
  /** What we think of the members, by leaf. */
  readonly verdicts: ReadonlyMap<number, Verdict>;
  readonly layers: ReadonlyMap<Identifier, CurrentLayer>;
  readonly speaker: Identifier | null;
  /** What the server stores now. */
  readonly recording: Recording | null;
  /** Whether the server tries to read what passes, to tell what it could see. */
  readonly witness: boolean;
  readonly chat: readonly ChatLine[];
}

export interface PublicationOf {
  readonly participant: Participant;
  readonly publication: Publication;
}

export function emptyState(room: string, mode: Mode): CallState {
  return {
    self: null,
    room,
    mode,
    mayPublish: false,
    maySubscribe: false,
    moderator: false,
    participants: new Map(),
    standings: new Map(),
    members: [],
    group: null,
    alarms: new Set(),
    verdicts: new Map(),
    layers: new Map(),
    speaker: null,
    recording: null,
    witness: false,
    chat: [],
  };
}

/** The state after a message; the same object when the message changes nothing in it. */
export function reduce(state: CallState, message: Heard): CallState {
  switch (message.type) {
    case "welcome":
      return welcomed(state, message);
    case "participant_joined":
      return withParticipant(state, message.participant);
    case "participant_updated":
      return changed(state, message.participant, (p) => ({ ...p, connected: message.connected }));
    case "introduced":
      return introduced(state, message.participant, message.standing, message.name);
    case "participant_left":
      return withoutParticipant(state, message.participant);
    case "publication_added":
    case "publication_updated":
      return withPublication(state, message.participant, message.publication);
    case "publication_removed":
      return withoutPublication(state, message.participant, message.publication);
    case "layer_changed": {
      const { layer, wanted, height, reason } = message;
      const layers = new Map(state.layers).set(message.publication, {
        layer,
        wanted,
        height,
        reason,
      });
      return { ...state, layers };
    }
    case "speaker_changed":
      return { ...state, speaker: message.participant };
    case "recording_started":
      return { ...state, recording: message.recording };
    case "recording_stopped":
      return { ...state, recording: null };
    case "chat":
      return withChat(state, message.participant, message.name, message.text);
    case "members":
      return { ...state, members: message.members, group: message.group || null };
    case "alarm":
      return withAlarm(state, message.alarm, message.isOn);
    case "unopened_chat":
      return withChat(state, message.participant, nameOf(state, message.participant), null);
    default:
      return state;
  }
}

/** Everybody but ourselves, in order of arrival. */
export function others(state: CallState): Participant[] {
  return [...state.participants.values()].filter(({ id }) => id !== state.self);
}

/**
 * Whether what somebody sends may be played: under a shared secret, if we have met them; with a
 * group, if they are in it, and nobody else had their name.
 */
export function isTrusted(state: CallState, id: Identifier): boolean {
  if (state.mode === "e2ee-mls") {
    const member = memberOf(state, id);
    return member !== null && verdictOf(state, member) !== "changed";
  }
  return state.mode === "hop" || state.standings.get(id) === "met";
}

/** The leaf of the group that a participant shows; null while they are in none. */
export function memberOf(state: CallState, id: Identifier): GroupMember | null {
  return state.members.find(({ participant }) => participant === id) ?? null;
}

/** Who was not judged yet is not trusted. */
export function verdictOf(state: CallState, { leaf }: GroupMember): Verdict {
  return state.verdicts.get(leaf) ?? "changed";
}

/** Somebody's name: their own word where it can be had, else the server's. */
export function nameOf(state: CallState, id: Identifier): string {
  const member = memberOf(state, id);
  return (member && tidyName(member.name)) || (state.participants.get(id)?.name ?? "");
}

/** What is said under a name that was somebody else's is not shown, like all that is theirs. */
export function withheld(state: CallState, message: Heard): Heard {
  if (message.type !== "chat" || message.participant === state.self) {
    return message;
  }
  const isHeard = state.mode !== "e2ee-mls" || isTrusted(state, message.participant);
  return isHeard ? message : { type: "unopened_chat", participant: message.participant };
}

/** What there is to receive: every publication that is not our own, of people whom we trust. */
export function receivable(state: CallState): PublicationOf[] {
  if (!state.maySubscribe) {
    return [];
  }
  const trusted = others(state).filter(({ id }) => isTrusted(state, id));
  return trusted.flatMap((participant) =>
    participant.publications.map((publication) => ({ participant, publication })),
  );
}

/** Our own publications as the server knows them. */
export function ownPublications(state: CallState): readonly Publication[] {
  return (state.self && state.participants.get(state.self)?.publications) || [];
}

/** The publication with this id, and whose it is. */
export function findPublication(state: CallState, id: Identifier): PublicationOf | null {
  for (const participant of state.participants.values()) {
    const publication = participant.publications.find((candidate) => candidate.id === id);
    if (publication) {
      return { participant, publication };
    }
  }
  return null;
}

/** Whether a participant has an unmuted publication of this kind. */
export function isSending(participant: Participant, kind: Kind): boolean {
  return participant.publications.some((p) => p.kind === kind && !p.muted);
}

function welcomed(state: CallState, welcome: Welcome): CallState {
  return {
    ...state,
    self: welcome.participant,
    room: welcome.room,
    mayPublish: welcome.may_publish,
    maySubscribe: welcome.may_subscribe,
    moderator: welcome.moderator,
    participants: new Map(welcome.participants.map((participant) => [participant.id, participant])),
    layers: welcome.resumed ? state.layers : new Map(),
    speaker: welcome.speaker,
    recording: welcome.recording ?? null,
    witness: welcome.witness ?? false,
  };
}

function introduced(state: CallState, id: Identifier, standing: Standing, name: string): CallState {
  const standings = new Map(state.standings).set(id, standing);
  const renamed = (person: Participant) => ({ ...person, name: name || person.name });
  return changed({ ...state, standings }, id, renamed);
}

function withAlarm(state: CallState, alarm: Alarm, isOn: boolean): CallState {
  const alarms = new Set(state.alarms);
  alarms[isOn ? "add" : "delete"](alarm);
  return { ...state, alarms };
}

function withParticipant(state: CallState, participant: Participant): CallState {
  return { ...state, participants: new Map(state.participants).set(participant.id, participant) };
}

function withoutParticipant(state: CallState, id: Identifier): CallState {
  const gone = state.participants.get(id);
  if (!gone) {
    return state;
  }
  const participants = new Map(state.participants);
  participants.delete(id);
  const [layers, standings] = [new Map(state.layers), new Map(state.standings)];
  standings.delete(id);
  for (const publication of gone.publications) {
    layers.delete(publication.id);
  }
  const speaker = state.speaker === id ? null : state.speaker;
  return { ...state, participants, standings, layers, speaker };
}

function changed(
  state: CallState,
  id: Identifier,
  change: (participant: Participant) => Participant,
): CallState {
  const participant = state.participants.get(id);
  return participant ? withParticipant(state, change(participant)) : state;
}

function withPublication(state: CallState, owner: Identifier, added: Publication): CallState {
  return changed(state, owner, (participant) => {
    const known = participant.publications.some(({ id }) => id === added.id);
    const publications = known
      ? participant.publications.map((old) => (old.id === added.id ? added : old))
      : [...participant.publications, added];
    return { ...participant, publications };
  });
}

function withoutPublication(state: CallState, owner: Identifier, gone: Identifier): CallState {
  const layers = new Map(state.layers);
  layers.delete(gone);
  return changed({ ...state, layers }, owner, (participant) => ({
    ...participant,
    publications: participant.publications.filter(({ id }) => id !== gone),
  }));
}

function withChat(
  state: CallState,
  participant: Identifier,
  name: string,
  text: string | null,
): CallState {
  const number = (state.chat.at(-1)?.number ?? 0) + 1;
  const line = { number, participant, name, text };
  return { ...state, chat: [...state.chat, line].slice(-LONGEST_CHAT) };
}
