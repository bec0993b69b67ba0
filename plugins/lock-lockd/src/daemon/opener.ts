import { type Descriptor, VirtError } from "@polyvisor/core";
import { HelperServer } from "@polyvisor/sdk/helper-daemon";
import { openerProgram } from "./opener-api.js";
import { createFile, free, makeFolder, removeFile, take } from "./opener-files.js";
import { SILENT } from "./silent.js";

/** The connection to the daemon, which started this process. */
const DAEMON = 3;

/** The program of an opener: it works for one daemon, one call after the other, and ends with the connection. */
const server = new HelperServer<typeof openerProgram.calls, null>(
  {
    program: openerProgram,
    handlers: {
      take: ({ path, name, byte, shared, create }) =>
        take({ path, name, byte, shared: shared !== 0, create: create !== 0 }),
      free: ({ path, byte, afterwards, descriptors }) => free(onlyOne(descriptors).fd, path, byte, afterwards),
      createFile: ({ path }) => createFile(path),
      removeFile: ({ path }) => removeFile(path),
      makeFolder: ({ path }) => makeFolder(path),
      hello: () => {},
    },
    newState: () => null,
    closed: () => process.exit(),
  },
  1,
  SILENT,
);
server.adopt(DAEMON);

function onlyOne([descriptor]: readonly Descriptor[]): Descriptor {
  if (descriptor === undefined) throw new VirtError("INTERNAL_ERROR", "a descriptor is missing");
  return descriptor;
}
