import { fileURLToPath } from "node:url";
import { conformance, ofPlugin } from "@polyvisor/sdk/conformance";
import test from "ava";

/** A document that the driver accepts; the kit fills in the name and the UUID. */
const domain = `<domain type='test'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='MiB'>64</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
</domain>`;

await conformance.hypervisor(test, {
  create: () => ofPlugin(fileURLToPath(new URL("..", import.meta.url)), "__scheme__:///system"),
  profile: { fixtures: { domain }, traits: ["obeys-shutdown", "keeps-definitions"] },
});
