/** Our own tracks: which devices feed them, and whether they are on. */

import type { MediaSource } from "../protocol/messages";
import type { CameraFormat } from "../settings";
import { openCamera, openMicrophone } from "./devices";
import { openScreen } from "./screen";

export interface LocalEvents {
  /** A track began, ended or was switched on or off. */
  changed(source: MediaSource): void;
  /** A device vanished by itself. */
  unplugged(source: MediaSource): void;
}

export class LocalTracks {
  cameraId = "";
  microphoneId = "";
  readonly #tracks = new Map<MediaSource, MediaStreamTrack>();
  /** Grows with each wish for a device: one that opens too late for its own is let go of. */
  readonly #turns = new Map<MediaSource, number>();
  #closed = false;
  readonly #format: CameraFormat;
  readonly #events: LocalEvents;

  constructor(format: CameraFormat, events: LocalEvents) {
    this.#format = format;
    this.#events = events;
  }

  get(source: MediaSource): MediaStreamTrack | null {
    return this.#tracks.get(source) ?? null;
  }

  isOn(source: MediaSource): boolean {
    return this.#tracks.get(source)?.enabled ?? false;
  }

  /** Off means off: the camera is let go of, and its light goes out. */
  async setCamera(on: boolean): Promise<void> {
    if (on) {
      await this.#open("camera", () => openCamera(this.#format, this.cameraId));
    } else {
      this.#turn("camera");
      this.#drop("camera");
    }
  }

  /** A muted microphone stays open, so that unmuting takes no time. */
  async setMicrophone(on: boolean): Promise<void> {
    const track = this.get("microphone");
    if (track) {
      track.enabled = on;
      this.#events.changed("microphone");
    } else if (on) {
      await this.#open("microphone", () => openMicrophone(this.microphoneId));
    } else {
      this.#turn("microphone");
    }
  }

  /** Use other devices from now on; what is off stays off. */
  async switchCamera(id: string): Promise<void> {
    this.cameraId = id;
    if (this.isOn("camera")) {
      this.#drop("camera");
      await this.setCamera(true);
    }
  }

  async switchMicrophone(id: string): Promise<void> {
    this.microphoneId = id;
    if (this.get("microphone")) {
      const on = this.isOn("microphone");
      this.#drop("microphone");
      await this.setMicrophone(true);
      await this.setMicrophone(on);
    }
  }

  async startScreen(): Promise<void> {
    const tracks = await openScreen();
    if (tracks) {
      this.#take("screen", tracks.video);
      if (tracks.audio) {
        this.#take("screen_audio", tracks.audio);
      }
    }
  }

  stopScreen(): void {
    this.#drop("screen");
    this.#drop("screen_audio");
  }

  close(): void {
    this.#closed = true;
    for (const source of [...this.#tracks.keys()]) {
      this.#drop(source);
    }
  }

  async #open(source: MediaSource, open: () => Promise<MediaStreamTrack>): Promise<void> {
    const turn = this.#turn(source);
    const track = await open();
    if (this.#turns.get(source) === turn) {
      this.#take(source, track);
    } else {
      track.stop();
    }
  }

  #turn(source: MediaSource): number {
    const turn = (this.#turns.get(source) ?? 0) + 1;
    this.#turns.set(source, turn);
    return turn;
  }

  #take(source: MediaSource, track: MediaStreamTrack): void {
    if (this.#closed) {
      track.stop();
      return;
    }
    this.#stop(source);
    track.onended = () => this.#ended(source);
    this.#tracks.set(source, track);
    this.#events.changed(source);
  }

  #drop(source: MediaSource): void {
    if (this.#stop(source)) {
      this.#events.changed(source);
    }
  }

  #stop(source: MediaSource): boolean {
    const track = this.#tracks.get(source);
    if (track) {
      track.onended = null;
      track.stop();
    }
    return this.#tracks.delete(source);
  }

  #ended(source: MediaSource): void {
    if (source === "screen") {
      this.stopScreen();
      return;
    }
    this.#drop(source);
    this.#events.unplugged(source);
  }
}
