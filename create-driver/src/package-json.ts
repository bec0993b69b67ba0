import type { Names } from "./names.js";

/** Where the packages that a driver needs come from: a version range for each. */
export type Sources = Readonly<Record<"@polyvisor/core" | "@polyvisor/sdk", string>>;

/** What a driver is built and tested with. In the workspace its root has them. */
const TOOLS = { "@types/node": "^20.19.43", ava: "^7.0.0", typescript: "^7.0.2" };

/** The package.json of a new driver. */
export function packageJson({ scheme, type }: Names, sources: Sources, inWorkspace: boolean): object {
  const core = sources["@polyvisor/core"];
  const own = { tsyringe: "^4.10.0" };
  return {
    name: `polyvisor-${scheme}`,
    version: "0.1.0",
    description: `${type}: a driver for Polyvisor`,
    type: "module",
    engines: { node: ">=20.19" },
    files: ["dist", "!dist/**/*.test.*"],
    exports: { ".": "./dist/index.js", "./package.json": "./package.json" },
    polyvisor: {
      name: scheme,
      contracts: ["hypervisor.v1"],
      schemes: [scheme],
      entry: "./dist/index.js",
      stateful: true,
    },
    scripts: { build: "tsc", test: "npm run build && ava" },
    ava: { files: ["dist/**/*.test.js"], workerThreads: false, timeout: "5m" },
    dependencies: { "@polyvisor/sdk": sources["@polyvisor/sdk"] },
    peerDependencies: { "@polyvisor/core": "^0.1.0", ...own },
    ...(!inWorkspace && {
      devDependencies: { "@polyvisor/core": core, ...own, ...TOOLS },
      allowScripts: { koffi: true },
    }),
  };
}
