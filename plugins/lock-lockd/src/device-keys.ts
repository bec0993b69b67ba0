import { runHelper } from "@polyvisor/sdk/process";

/** What identifies a device on every host; `undefined` where it has no such identity. */
export interface DeviceKeys {
  lvmUuid(device: string): Promise<string | undefined>;
  scsiId(device: string): Promise<string | undefined>;
}

/** The host's own programs tell, in processes of their own: a device may hang. */
export const deviceKeys: DeviceKeys = {
  lvmUuid: (device) => answerOf(["lvs", "--noheadings", "--unbuffered", "--nosuffix", "--options", "uuid", device]),
  scsiId: (device) => answerOf(["scsi_id", "--replace-whitespace", "--whitelisted", "--device", device]),
};

/** udev keeps programs of its own out of everybody's way. */
const UDEV_FOLDERS = "/usr/lib/udev:/lib/udev";

async function answerOf(argv: [string, ...string[]]): Promise<string | undefined> {
  const PATH = `${process.env.PATH ?? "/usr/sbin:/usr/bin:/sbin:/bin"}:${UDEV_FOLDERS}`;
  const { status, stdout } = await runHelper(argv, { env: { PATH } });
  const [line = ""] = stdout.trim().split("\n");
  return status === 0 && line !== "" ? line : undefined;
}
