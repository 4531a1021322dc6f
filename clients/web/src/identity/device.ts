/** The key of this browser, made once and found again at the next call: who we are to others. */

import type { Bytes } from "../sealing/bytes";
import { DeviceDrawer } from "./drawer";
import { type Endorsement, KEY_BYTES, SIGNATURE_BYTES } from "./endorsement";

export interface DeviceKeys {
  /** Ed25519 public keys; they are the same on somebody's first device. */
  readonly person: Bytes;
  readonly device: Bytes;
  /** The person's signature of the device; zeros on the first one. */
  readonly endorsement: Bytes;
  /** Signs for the device; nobody can read it, we ourselves included. */
  readonly key: CryptoKey;
}

export interface OwnDevice extends DeviceKeys {
  /** False for a device that is gone with the page: the browser keeps nothing, as in private windows. */
  readonly isKept: boolean;
}

/** Where a device lies between calls; both fail where the browser keeps nothing. */
export interface Drawer {
  read(): Promise<unknown>;
  /** Put this there, unless something is there that `stays`; tells what is there then. */
  put(device: DeviceKeys, stays: (found: unknown) => boolean): Promise<unknown>;
}

let ofThisPage: OwnDevice | null = null;

/** The device that this browser is; rejects where it lacks Ed25519. */
export async function loadDevice(): Promise<OwnDevice> {
  ofThisPage ??= await findDevice(new DeviceDrawer());
  return ofThisPage;
}

/** From the next call on, be the device of another person, who endorsed it. */
export async function becomeDeviceOf({ person, signature }: Endorsement): Promise<OwnDevice> {
  return change({ ...(await loadDevice()), person, endorsement: signature });
}

/** From the next call on, be a person of one's own again. */
export async function becomeFirstDevice(): Promise<OwnDevice> {
  const own = await loadDevice();
  return change({ ...own, person: own.device, endorsement: new Uint8Array(SIGNATURE_BYTES) });
}

export function isFirstDevice({ person, device }: DeviceKeys): boolean {
  return person.every((byte, at) => byte === device[at]);
}

async function change(device: OwnDevice): Promise<OwnDevice> {
  ofThisPage = await keep(new DeviceDrawer(), device, () => false);
  return ofThisPage;
}

/** The device in the drawer, or a new one; what is no device there is replaced. */
export async function findDevice(drawer: Drawer): Promise<OwnDevice> {
  const found = await drawer.read().catch(() => null);
  return isDevice(found) ? { ...found, isKept: true } : keep(drawer, await newDevice(), isDevice);
}

/** Of two pages that both find nothing, both take what the first one put there. */
async function keep(
  drawer: Drawer,
  { person, device, endorsement, key }: DeviceKeys,
  stays: (found: unknown) => boolean,
): Promise<OwnDevice> {
  const made: DeviceKeys = { person, device, endorsement, key };
  try {
    const kept = await drawer.put(made, stays);
    return isDevice(kept) ? { ...kept, isKept: true } : { ...made, isKept: false };
  } catch {
    return { ...made, isKept: false };
  }
}

async function newDevice(): Promise<DeviceKeys> {
  const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const { publicKey, privateKey } = pair as CryptoKeyPair;
  const device = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  return { person: device, device, endorsement: new Uint8Array(SIGNATURE_BYTES), key: privateKey };
}

/** Whether this was a device when it was put there: other versions of the page may differ. */
export function isDevice(found: unknown): found is DeviceKeys {
  const { person, device, endorsement, key } = Object(found);
  return (
    isBytes(person, KEY_BYTES) &&
    isBytes(device, KEY_BYTES) &&
    isBytes(endorsement, SIGNATURE_BYTES) &&
    key instanceof CryptoKey &&
    key.algorithm.name === "Ed25519"
  );
}

function isBytes(value: unknown, length: number): boolean {
  return value instanceof Uint8Array && value.length === length;
}
