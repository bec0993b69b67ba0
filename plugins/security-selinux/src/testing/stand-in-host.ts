import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { rootPaths, silentLog } from "@polyvisor/core";
import { SelinuxDriver } from "../driver.js";
import { SelinuxHost } from "../selinux-host.js";

/** A stand-in for a host under SELinux: files where the kernel's and the policy's would be. Labels of files are real. */
export interface StandInHost {
  readonly root: string;
  readonly driver: SelinuxDriver;
  /** Another driver, as after a restart. */
  again(): SelinuxDriver;
  put(path: string, text: string): Promise<void>;
  take(path: string): Promise<void>;
  close(): Promise<void>;
}

export const DOMAIN_FILE = "etc/selinux/targeted/contexts/virtual_domain_context";
export const IMAGE_FILE = "etc/selinux/targeted/contexts/virtual_image_context";

/** Puts the files of such a host below a folder; `own` is the context of the manager. */
export async function putStandInFiles(root: string, own = "system_u:system_r:virtd_t:s0-s0:c0.c1023"): Promise<void> {
  const put = (path: string, text: string) => putFile(join(root, path), text);
  await put("sys/fs/selinux/enforce", "1");
  await put("proc/self/attr/current", `${own}\0`);
  await put("etc/selinux/config", "# chosen at install\nSELINUX=enforcing\nSELINUXTYPE=targeted\n");
  await put(DOMAIN_FILE, "system_u:system_r:svirt_t:s0\nsystem_u:system_r:svirt_tcg_t:s0\n");
  await put(IMAGE_FILE, "system_u:object_r:svirt_image_t:s0\nsystem_u:object_r:virt_content_t:s0\n");
}

async function putFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

export async function standInHost(own?: string): Promise<StandInHost> {
  const root = await mkdtemp(join(tmpdir(), "polyvisor-selinux-"));
  await putStandInFiles(root, own);
  const take = (path: string) => rm(join(root, path), { recursive: true, force: true });
  const made: SelinuxDriver[] = [];
  const again = () => {
    const info = { mode: "system", paths: rootPaths(root) } as const;
    const driver = new SelinuxDriver(info, silentLog, undefined, new SelinuxHost(root));
    made.push(driver);
    return driver;
  };
  return {
    root,
    driver: again(),
    again,
    put: (path, text) => putFile(join(root, path), text),
    take,
    async close() {
      for (const driver of made) driver.dispose();
      await take(".");
    },
  };
}
