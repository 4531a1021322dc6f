/** A browser is one device from call to call, as long as it keeps what it is given. */

import { describe, expect, it } from "vitest";
import {
  type DeviceKeys,
  type Drawer,
  findDevice,
  isDevice,
  isFirstDevice,
} from "../../src/identity/device";
import { makeDevice, makeKeys } from "./keys";

/** What browsers do: things come out as they went in. */
class Box implements Drawer {
  content: unknown;

  async read(): Promise<unknown> {
    return this.content;
  }

  async put(device: DeviceKeys, stays: (found: unknown) => boolean): Promise<unknown> {
    this.content = stays(this.content) ? this.content : device;
    return this.content;
  }
}

/** A private window, or a disk that is full. */
class ShutBox implements Drawer {
  read(): Promise<unknown> {
    return Promise.reject(new DOMException("no", "InvalidStateError"));
  }

  put(): Promise<unknown> {
    return Promise.reject(new DOMException("no", "DataCloneError"));
  }
}

describe("a device", () => {
  it("is made once and found again", async () => {
    const box = new Box();
    const made = await findDevice(box);
    expect(made.isKept).toBe(true);
    expect(await findDevice(box)).toEqual(made);
  });

  it("is somebody's first one, with zeros for an endorsement", async () => {
    const made = await findDevice(new Box());
    expect(isFirstDevice(made)).toBe(true);
    expect(made.endorsement).toEqual(new Uint8Array(64));
    expect(made.device).toHaveLength(32);
  });

  it("has a key that signs for it and cannot be read", async () => {
    const { key, device } = await findDevice(new Box());
    expect(key.extractable).toBe(false);
    const signature = await crypto.subtle.sign("Ed25519", key, device);
    const told = await crypto.subtle.importKey("raw", device, "Ed25519", false, ["verify"]);
    expect(await crypto.subtle.verify("Ed25519", told, signature, device)).toBe(true);
  });

  it("is the one that another page was first to make", async () => {
    const box = new Box();
    const theirs = await makeDevice();
    const late: Drawer = {
      read: async () => undefined,
      put: (device, stays) => {
        box.content = theirs;
        return box.put(device, stays);
      },
    };
    expect((await findDevice(late)).device).toEqual(theirs.device);
  });

  it("is gone with the page where nothing is kept", async () => {
    expect(await findDevice(new ShutBox())).toMatchObject({ isKept: false });
  });
});

describe("what lies in the drawer", () => {
  it.each<[string, (device: DeviceKeys) => unknown | Promise<unknown>]>([
    ["is nothing", () => undefined],
    ["is null", () => null],
    ["is a word", () => "device"],
    ["lacks the key", ({ person, device, endorsement }) => ({ person, device, endorsement })],
    ["has a person that is too short", (one) => ({ ...one, person: new Uint8Array(31) })],
    ["has an endorsement of another kind", (one) => ({ ...one, endorsement: [0] })],
    [
      "has a key of another kind",
      async (one) => ({
        ...one,
        key: await crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, false, ["encrypt"]),
      }),
    ],
  ])("is replaced if it %s", async (_, bend) => {
    const box = new Box();
    box.content = await bend(await makeDevice());
    expect(isDevice(box.content)).toBe(false);
    const made = await findDevice(box);
    expect(made.isKept).toBe(true);
    expect(isDevice(box.content)).toBe(true);
  });

  it("may be a further device of somebody", async () => {
    const box = new Box();
    box.content = { ...(await makeDevice()), person: (await makeKeys()).public };
    expect(isFirstDevice(await findDevice(box))).toBe(false);
  });
});
