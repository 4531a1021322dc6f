/** Cameras, microphones and loudspeakers. */

import type { CameraFormat } from "../settings";

export interface Devices {
  readonly cameras: readonly MediaDeviceInfo[];
  readonly microphones: readonly MediaDeviceInfo[];
  readonly speakers: readonly MediaDeviceInfo[];
}

/** Why a device gives us nothing. */
export type DeviceProblem = "insecure" | "denied" | "missing" | "busy" | "failed";

export async function openCamera(
  format: CameraFormat,
  deviceId: string,
): Promise<MediaStreamTrack> {
  const video: MediaTrackConstraints = {
    width: { ideal: format.width },
    height: { ideal: format.height },
    frameRate: { ideal: format.frameRate },
    ...device(deviceId),
  };
  return firstTrack(await userMedia({ video }));
}

export async function openMicrophone(deviceId: string): Promise<MediaStreamTrack> {
  const audio: MediaTrackConstraints = {
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    ...device(deviceId),
  };
  return firstTrack(await userMedia({ audio }));
}

/** Names are empty until the person has allowed a device of the kind. */
export async function listDevices(): Promise<Devices> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const of = (kind: MediaDeviceKind) => all.filter((d) => d.kind === kind && d.deviceId !== "");
  return { cameras: of("videoinput"), microphones: of("audioinput"), speakers: of("audiooutput") };
}

export function deviceProblem(error: unknown): DeviceProblem {
  if (error instanceof InsecureContextError) {
    return "insecure";
  }
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}

class InsecureContextError extends Error {}

/** Browsers hide devices from pages that came over plain HTTP, except from localhost. */
async function userMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
  if (!navigator.mediaDevices) {
    throw new InsecureContextError();
  }
  return navigator.mediaDevices.getUserMedia(constraints);
}

function device(id: string): MediaTrackConstraints {
  return id === "" ? {} : { deviceId: { exact: id } };
}

function firstTrack(stream: MediaStream): MediaStreamTrack {
  const [track] = stream.getTracks();
  if (!track) {
    throw new DOMException("The device gave no track.", "NotFoundError");
  }
  return track;
}
