/** `window.milkglass`: what a test or a curious person can ask the page. */

import type { Call } from "./call/call";
import { lockState } from "./call/roster";
import { nameOf, verdictOf } from "./call/state";
import type { Identifier } from "./protocol/messages";

export interface Hook {
  state(): unknown;
  stats(publication: Identifier): Promise<unknown>;
}

declare global {
  interface Window {
    milkglass?: Hook;
  }
}

export function installHook(current: () => Call | null): void {
  window.milkglass = {
    state: () => {
      const call = current();
      return call ? describe(call) : { phase: "over", self: null, participants: [] };
    },
    stats: async (publication) => (await current()?.inbound(publication)) ?? null,
  };
}

function describe(call: Call): unknown {
  const { state } = call;
  return {
    phase: call.phase,
    self: state.self,
    room: state.room,
    moderator: state.moderator,
    connection: call.connectionState,
    mode: state.mode,
    speaker: state.speaker,
    lock: lockState(state),
    group: state.group,
    alarms: [...state.alarms],
    refused: call.groupRefusals,
    members: state.members.map((member) => ({ ...member, verdict: verdictOf(state, member) })),
    recording: state.recording?.id ?? null,
    consent: call.consent.answer,
    chat: state.chat.map(({ name, text }) => ({ name, text })),
    local: {
      camera: call.local.isOn("camera"),
      microphone: call.local.isOn("microphone"),
      screen: call.local.isOn("screen"),
      sent: call.stats.get("camera")?.latest ?? null,
    },
    participants: [...state.participants.values()].map((participant) => ({
      id: participant.id,
      name: nameOf(state, participant.id),
      connected: participant.connected,
      standing: state.standings.get(participant.id) ?? null,
      publications: participant.publications.map((publication) => publicationOf(call, publication)),
    })),
  };
}

function publicationOf(call: Call, publication: { readonly id: Identifier }): unknown {
  const sample = call.stats.get(publication.id)?.latest;
  const current = call.state.layers.get(publication.id);
  return {
    ...publication,
    layer: current?.layer ?? null,
    reason: current?.reason ?? null,
    choice: call.choice(publication.id),
    wish: call.wish(publication.id),
    width: sample?.width ?? 0,
    height: sample?.height ?? 0,
    kbps: Math.round(sample?.kbps ?? 0),
    note: call.note(publication.id)?.reason ?? null,
    frames: call.isSealed ? call.seals.counts(publication.id) : null,
    waiting: call.seals.isWaiting(publication.id),
    delayed: call.seals.isDelayed(publication.id),
    frozen: call.seals.isFrozen(publication.id),
  };
}
