import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Whether the virsh of libvirt 9.0 is installed, whose words and documents ours are compared with. */
export function hasVirsh90(): boolean {
  const version = spawnSync("virsh", ["--version"], { encoding: "utf8" });
  return version.status === 0 && version.stdout.startsWith("9.0.");
}

/** A document that virsh printed, or the error that it was given. */
export type VirshAnswer = { readonly xml: string } | { readonly error: string };

/** Runs virsh's commands, to which `script` is told the path of a file that holds `xml`. */
export function askVirsh(uri: string, xml: string, script: (file: string) => string): VirshAnswer {
  const folder = mkdtempSync(join(tmpdir(), "polyvisor-virsh-"));
  try {
    const file = join(folder, "document.xml");
    writeFileSync(file, xml);
    const run = spawnSync("virsh", ["-q", "-c", uri, script(file)], {
      encoding: "utf8",
      env: { ...process.env, LC_ALL: "C" },
    });
    if (run.stdout.includes("<")) return { xml: `${run.stdout.slice(run.stdout.indexOf("<")).trimEnd()}\n` };
    // virsh says first what failed, then why
    const errors = run.stderr.split(/^error: /m).filter((each) => each !== "" && !each.startsWith("Failed to "));
    return { error: errors[0]?.trimEnd() ?? run.stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
