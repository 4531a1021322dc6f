/** Sharing a screen, a window or a tab. */

export interface ScreenTracks {
  readonly video: MediaStreamTrack;
  readonly audio: MediaStreamTrack | null;
}

export function canShareScreen(): boolean {
  return typeof navigator.mediaDevices?.getDisplayMedia === "function";
}

/** Null when the person thought better of it. */
export async function openScreen(): Promise<ScreenTracks | null> {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({
      video: { frameRate: { ideal: 15, max: 30 } },
      audio: true,
    });
    const [video] = stream.getVideoTracks();
    const [audio] = stream.getAudioTracks();
    if (!video) {
      return null;
    }
    video.contentHint = "detail";
    return { video, audio: audio ?? null };
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotAllowedError") {
      return null;
    }
    throw error;
  }
}
