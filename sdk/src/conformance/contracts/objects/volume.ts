import type { StoragePool, StorageVol } from "@polyvisor/core";
import type { HypervisorSubject } from "../../hypervisor/index.js";
import type { Case, Check } from "../../kit/index.js";
import { answerOf, type Bench, bench, connect } from "./made.js";
import { pools } from "./pool.js";

const SIZE = 1024 * 1024;

/** Small enough for any pool. */
const document = (name: string) =>
  `<volume><name>${name}</name><capacity unit='bytes'>${SIZE}</capacity><allocation unit='bytes'>0</allocation>` +
  "<target><format type='raw'/></target></volume>";

const MADE = [pools.names.define, pools.names.create, "storageVolCreateXML"];

/** Volumes: how they come and go, by what they are found, and what is told of them. */
export const volumeCases: readonly Case<HypervisorSubject>[] = [
  {
    name: "volume: is made, found by name, key and path, and deleted",
    group: "lifecycle",
    needs: [...MADE, "storageVolLookupByName", "storageVolLookupByKey", "storageVolLookupByPath", "storageVolDelete"],
    async run(subject, check) {
      const { at, pool, api } = await poolOf(subject, check);
      const vol = await at.make();
      check.equal(vol.pool, pool.name, "the volume's pool");
      check.equal(await api.storageVolLookupByName({ pool, name: vol.name }), vol, "by its name");
      check.equal(await api.storageVolLookupByKey({ key: vol.key }), vol, "by its key");
      if (check.claims("storageVolGetPath")) {
        const path = await api.storageVolGetPath({ vol });
        check.equal(await api.storageVolLookupByPath({ path }), vol, "by its path");
      }
      await api.storageVolDelete({ vol, flags: 0 });
      await check.refused(api.storageVolLookupByName({ pool, name: vol.name }), "NO_STORAGE_VOL", "one that is gone");
      await check.refused(api.storageVolLookupByKey({ key: vol.key }), "NO_STORAGE_VOL", "the key of one that is gone");
      await check.refused(api.storageVolDelete({ vol, flags: 0 }), "NO_STORAGE_VOL", "to delete it again");
    },
  },
  {
    name: "volume: the lists of a pool have each of them",
    group: "lists",
    needs: [...MADE, "storagePoolListAllVolumes", "storagePoolListVolumes", "storagePoolNumOfVolumes"],
    async run(subject, check) {
      const { at, pool, api } = await poolOf(subject, check);
      const made = await Promise.all(Array.from({ length: 10 }, () => at.make()));
      const names = made.map(({ name }) => name).sort();
      const all = await api.storagePoolListAllVolumes({ pool, flags: 0 });
      check.equal(all.map(({ name }) => name).sort(), names, "the list of all");
      check.equal([...(await api.storagePoolListVolumes({ pool }))].sort(), names, "the list of names");
      check.equal(await api.storagePoolNumOfVolumes({ pool }), names.length, "how many there are");
      check.equal(new Set(all.map(({ key }) => key)).size, names.length, "how many keys there are");
    },
  },
  {
    name: "volume: a name is taken once",
    group: "identity",
    needs: MADE,
    async run(subject, check) {
      const { at, pool, api } = await poolOf(subject, check);
      const vol = await at.make();
      const again = api.storageVolCreateXML({ pool, xml: document(vol.name), flags: 0 });
      await check.refused(again, ["STORAGE_VOL_EXIST", "OPERATION_FAILED"], "a second one of the same name");
    },
  },
  {
    name: "volume: is as large as it was asked for, and the pool knows of it",
    group: "figures",
    needs: [...MADE, "storageVolGetInfo", "storagePoolGetInfo"],
    async run(subject, check) {
      const { at, pool, api } = await poolOf(subject, check);
      const vol = await at.make();
      const { capacity, allocation } = await api.storageVolGetInfo({ vol });
      check.equal(Number(capacity), SIZE, "the capacity");
      check.ok(Number(allocation) <= SIZE, `more is allocated (${allocation}) than it has`);
      const info = await api.storagePoolGetInfo({ pool });
      check.ok(Number(info.allocation) <= Number(info.capacity), "more of the pool is allocated than it has");
      check.ok(Number(info.available) <= Number(info.capacity), "more of the pool is available than it has");
    },
  },
  {
    name: "volume: a copy is another volume of the same size",
    group: "lifecycle",
    needs: [...MADE, "storageVolCreateXMLFrom", "storageVolGetInfo"],
    async run(subject, check) {
      const { at, pool, api } = await poolOf(subject, check);
      const clonevol = await at.make();
      const name = check.newName();
      const vol = await api.storageVolCreateXMLFrom({ pool, xml: document(name), clonevol, flags: 0 });
      check.cleanup(() => api.storageVolDelete({ vol, flags: 0 }));
      check.equal(vol.name, name, "the copy's name");
      check.ok(vol.key !== clonevol.key, "both have one key");
      check.equal(Number((await api.storageVolGetInfo({ vol })).capacity), SIZE, "the copy's capacity");
    },
  },
  {
    name: "volume: what is written comes back",
    group: "streams",
    needs: [...MADE, "storageVolUpload", "storageVolDownload"],
    async run(subject, check) {
      const { at, api } = await poolOf(subject, check);
      const vol = await at.make();
      const bytes = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * 31) & 0xff));
      const up = await api.storageVolUpload({ vol, offset: 512, length: bytes.length, flags: 0 });
      await check.within("the end of the upload", ended(up.end(bytes).resume()));
      const down = await api.storageVolDownload({ vol, offset: 512, length: bytes.length, flags: 0 });
      const chunks: Buffer[] = [];
      down.on("data", (chunk: Buffer) => chunks.push(chunk));
      down.end();
      await check.within("the end of the download", ended(down));
      check.ok(Buffer.concat(chunks).equals(bytes), "other bytes come back");
    },
  },
  {
    name: "volume: a pool that is off has none, and takes none",
    group: "bad input",
    needs: [...MADE, pools.names.destroy, "storagePoolListAllVolumes"],
    async run(subject, check) {
      const { pool, api, calls } = await poolOf(subject, check);
      await calls.destroy(pool);
      const xml = document(check.newName());
      await check.refused(api.storageVolCreateXML({ pool, xml, flags: 0 }), "OPERATION_INVALID", "a new volume");
      await check.refused(api.storagePoolListAllVolumes({ pool, flags: 0 }), "OPERATION_INVALID", "a list");
      await calls.create(pool);
    },
  },
  {
    name: "volume: a client that came to look changes nothing",
    group: "read-only",
    needs: MADE,
    async run(subject, check) {
      const { at, pool } = await poolOf(subject, check);
      const vol = await at.make();
      const { api } = await connect(subject, check, { readOnly: true });
      const changes = {
        storageVolCreateXML: () => api.storageVolCreateXML({ pool, xml: document(check.newName()), flags: 0 }),
        storageVolDelete: () => api.storageVolDelete({ vol, flags: 0 }),
        storageVolWipe: () => api.storageVolWipe({ vol, flags: 0 }),
        storageVolResize: () => api.storageVolResize({ vol, capacity: SIZE * 2, flags: 0 }),
      };
      for (const [call, change] of Object.entries(changes))
        await check.refused(change(), answerOf(check, call, "OPERATION_DENIED"), call);
    },
  },
];

/** A pool that runs, for one case. */
async function poolOf(subject: HypervisorSubject, check: Check) {
  const { connection, calls, define, start }: Bench = await bench(subject, check, pools);
  const { api } = connection;
  const pool: StoragePool = await define();
  await start(pool);
  const make = async (): Promise<StorageVol> => {
    const vol = await api.storageVolCreateXML({ pool, xml: document(check.newName()), flags: 0 });
    check.cleanup(() => api.storageVolDelete({ vol, flags: 0 }));
    return vol;
  };
  return { at: { make }, pool, api, calls };
}

function ended(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once("close", resolve).once("error", reject);
  });
}
