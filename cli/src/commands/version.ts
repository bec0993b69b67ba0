import type { Command } from "../command.js";
import { packageVersion } from "../package.js";

export const version: Command = {
  usage: "version",
  description: "Show the versions of this program, of the daemon's API and of the hypervisor",
  async run(session) {
    session.print(`polyvisor: ${await packageVersion()}`);
    const { api, uri } = await session.connection();
    const [library, hypervisor, type] = await Promise.all([
      api.connectGetLibVersion({}),
      api.connectGetVersion({}),
      api.connectGetType({}),
    ]);
    session.print(`API of the daemon: libvirt ${dotted(library)}`);
    session.print(`Hypervisor: ${type} ${dotted(hypervisor)} at ${uri}`);
  },
};

/** A version number of libvirt's: 1 000 000 * major + 1 000 * minor + release. */
function dotted(version: bigint): string {
  return `${version / 1000000n}.${(version / 1000n) % 1000n}.${version % 1000n}`;
}
