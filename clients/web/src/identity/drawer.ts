/** Where the browser keeps the device: IndexedDB, which holds keys without ever showing them. */

import type { DeviceKeys, Drawer } from "./device";

const DATABASE = "milkglass";
const STORE = "devices";
const OWN = "own";

export class DeviceDrawer implements Drawer {
  async read(): Promise<unknown> {
    const database = await open();
    try {
      return await done(database.transaction(STORE).objectStore(STORE).get(OWN));
    } finally {
      database.close();
    }
  }

  async put(device: DeviceKeys, stays: (found: unknown) => boolean): Promise<unknown> {
    const database = await open();
    try {
      const transaction = database.transaction(STORE, "readwrite");
      const store = transaction.objectStore(STORE);
      const found: unknown = await done(store.get(OWN));
      if (stays(found)) {
        return found;
      }
      store.put(device, OWN);
      await committed(transaction);
      return device;
    } finally {
      database.close();
    }
  }
}

function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
