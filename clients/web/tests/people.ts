/** People and tracks for tests. */

import type { Participant, Publication, Welcome } from "../src/protocol/messages";

export function publication(id: string, changes: Partial<Publication> = {}): Publication {
  return { id, kind: "video", source: "camera", codec: null, muted: false, layers: [], ...changes };
}

export function participant(id: string, ...publications: Publication[]): Participant {
  return {
    id,
    name: `Name of ${id}`,
    moderator: false,
    connected: true,
    hello: null,
    publications,
  };
}

export function welcome(changes: Partial<Welcome> = {}): Welcome {
  return {
    type: "welcome",
    participant: "me",
    room: "garden",
    mode: "hop",
    resume: "secret",
    resumed: false,
    may_publish: true,
    may_subscribe: true,
    moderator: false,
    participants: [participant("me"), participant("ada", publication("c1"))],
    speaker: null,
    group: null,
    recording: null,
    ...changes,
  };
}
