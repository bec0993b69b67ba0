import type { OciDeviceRule } from "./oci.js";

/** null, zero, full, random, urandom; tty, ptmx; fuse. */
const ORDINARY: readonly (readonly [major: number, minor: number])[] = [
  [1, 3],
  [1, 5],
  [1, 7],
  [1, 8],
  [1, 9],
  [5, 0],
  [5, 2],
  [10, 229],
];
/** Terminals of pseudo-terminals. */
const PTS_MAJOR = 136;
/** `/dev/console`, which engines want to be let use. */
const CONSOLE = [5, 1] as const;

/** A device of the host that a container is let use. */
export interface UsedDevice {
  readonly type: "c" | "b";
  readonly major: number;
  readonly minor: number;
  /** Of `r`, `w` and `m`. */
  readonly access: string;
}

/** Everything is forbidden but what each container needs, and `used`. Whoever may make nodes may make all of them. */
export function deviceRules(used: readonly UsedDevice[], mayMakeNodes: boolean): OciDeviceRule[] {
  const ordinary = [...ORDINARY, CONSOLE].map(([major, minor]) => allow({ type: "c", major, minor, access: "rwm" }));
  const nodes: OciDeviceRule[] = mayMakeNodes
    ? (["c", "b"] as const).map((type) => ({ allow: true, type, access: "m" }))
    : [];
  return [
    { allow: false, access: "rwm" },
    ...nodes,
    ...ordinary,
    { allow: true, type: "c", major: PTS_MAJOR, access: "rwm" },
    ...used.map(allow),
  ];
}

function allow({ type, major, minor, access }: UsedDevice): OciDeviceRule {
  return { allow: true, type, major, minor, access };
}
