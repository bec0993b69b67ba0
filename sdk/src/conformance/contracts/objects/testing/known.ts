import { fileURLToPath } from "node:url";
import { type Known, readKnown } from "../../../kit/index.js";

/** The explained deviations that the project publishes of test drivers, ours and libvirt's, by kits. */
export async function knownOfTestDrivers(kit: string): Promise<readonly Known[]> {
  const file = FILES[kit];
  if (file === undefined) return [];
  return readKnown(fileURLToPath(new URL(`../../../../../../docs/conformance/${file}`, import.meta.url)));
}

const FILES: Readonly<Record<string, string>> = {
  network: "known-test-network.json",
  storage: "known-test-storage.json",
};
