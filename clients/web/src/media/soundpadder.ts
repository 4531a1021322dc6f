/** The worker that pads sound in calls that are not sealed; it has no keys, and needs none. */

import { padder } from "../sealing/padding";
import type { EncodedFrame } from "../sealing/transforms";

interface Transformer {
  readonly readable: ReadableStream<EncodedFrame>;
  readonly writable: WritableStream<EncodedFrame>;
}

interface WorkerScope {
  onrtctransform: ((event: Event & { readonly transformer: Transformer }) => void) | null;
}

const scope = self as unknown as WorkerScope;

scope.onrtctransform = ({ transformer: { readable, writable } }) => {
  const pad = padder("opus");
  const transform = new TransformStream<EncodedFrame, EncodedFrame>({
    transform: (frame, controller) => {
      frame.data = pad(new Uint8Array(frame.data)).buffer;
      controller.enqueue(frame);
    },
  });
  // It ends with its connection, in whichever way the browser likes.
  void readable
    .pipeThrough(transform)
    .pipeTo(writable)
    .catch(() => undefined);
};
