/** What the server has told us about the room, as one value that messages turn into the next. */

import type {
  Identifier,
  Kind,
  Mode,
  Participant,
  Publication,
  ServerMessage,
  Welcome,
} from "../protocol/messages";

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
  readonly text: string;
}

export interface CallState {
  readonly self: Identifier | null;
  readonly room: string;
  readonly mode: Mode;
  readonly mayPublish: boolean;
  readonly maySubscribe: boolean;
  readonly moderator: boolean;
  readonly participants: ReadonlyMap<Identifier, Participant>;
  readonly layers: ReadonlyMap<Identifier, CurrentLayer>;
  readonly speaker: Identifier | null;
  readonly chat: readonly ChatLine[];
}

export interface PublicationOf {
  readonly participant: Participant;
  readonly publication: Publication;
}

export function emptyState(room: string): CallState {
  return {
    self: null,
    room,
    mode: "hop",
    mayPublish: false,
    maySubscribe: false,
    moderator: false,
    participants: new Map(),
    layers: new Map(),
    speaker: null,
    chat: [],
  };
}

/** The state after a message; the same object when the message changes nothing in it. */
export function reduce(state: CallState, message: ServerMessage): CallState {
  switch (message.type) {
    case "welcome":
      return welcomed(state, message);
    case "participant_joined":
      return withParticipant(state, message.participant);
    case "participant_updated":
      return changed(state, message.participant, (p) => ({ ...p, connected: message.connected }));
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
    case "chat":
      return withChat(state, message.participant, message.name, message.text);
    default:
      return state;
  }
}

/** Everybody but ourselves, in order of arrival. */
export function others(state: CallState): Participant[] {
  return [...state.participants.values()].filter(({ id }) => id !== state.self);
}

/** What there is to receive: every publication that is not our own. */
export function receivable(state: CallState): PublicationOf[] {
  if (!state.maySubscribe) {
    return [];
  }
  return others(state).flatMap((participant) =>
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
    mode: welcome.mode,
    mayPublish: welcome.may_publish,
    maySubscribe: welcome.may_subscribe,
    moderator: welcome.moderator,
    participants: new Map(welcome.participants.map((participant) => [participant.id, participant])),
    layers: welcome.resumed ? state.layers : new Map(),
    speaker: welcome.speaker,
  };
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
  const layers = new Map(state.layers);
  for (const publication of gone.publications) {
    layers.delete(publication.id);
  }
  return { ...state, participants, layers, speaker: state.speaker === id ? null : state.speaker };
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
  text: string,
): CallState {
  const number = (state.chat.at(-1)?.number ?? 0) + 1;
  const line = { number, participant, name, text };
  return { ...state, chat: [...state.chat, line].slice(-LONGEST_CHAT) };
}
