import { readdir, readFile } from "node:fs/promises";
import test from "ava";
import { checkConfiguration } from "./configuration.js";
import type { Manifest } from "./manifest.js";
import { plainDefaults } from "./plain-defaults.js";

const PLUGINS = new URL("../../../plugins/", import.meta.url);

async function manifestIn(folder: string): Promise<Manifest> {
  const path = new URL(`${folder}/package.json`, PLUGINS);
  const { name, version, polyvisor } = JSON.parse(await readFile(path, "utf8"));
  const parts = { packageName: name, version, configuration: polyvisor?.configuration };
  return { name: folder, folder: new URL(folder, PLUGINS).pathname, ...parts } as Manifest;
}

/** Where nothing is set the schemas of our own plugins are not checked at a start: here they are. */
test("the defaults of our own plugins are those that the library of schemas finds", async (t) => {
  const found: string[] = [];
  for (const folder of await readdir(PLUGINS)) {
    const manifest = await manifestIn(folder);
    const somebodyElses = { ...manifest, packageName: folder };
    t.deepEqual(await checkConfiguration(manifest), await checkConfiguration(somebodyElses), folder);
    if (manifest.configuration === undefined) continue;
    t.truthy(
      plainDefaults(manifest.configuration as Record<string, unknown>),
      `a start reads the library for ${folder}`,
    );
    found.push(folder);
  }
  t.true(found.includes("qemu"));
});

test("what says more than defaults of its own properties is left to the library", async (t) => {
  const properties = { inner: { type: "object", default: {}, properties: { depth: { type: "integer", default: 3 } } } };
  const configuration = { type: "object", properties };
  const base = { name: "p", packageName: "@polyvisor/p", version: "1.0.0", folder: "/p" };
  t.deepEqual(await checkConfiguration({ ...base, configuration } as unknown as Manifest), { inner: { depth: 3 } });
  const demanding = { ...configuration, required: ["must"] };
  await t.throwsAsync(checkConfiguration({ ...base, configuration: demanding } as unknown as Manifest), {
    message: /must/,
  });
});
