import type { ErrorName, VirtError } from "@polyvisor/core";
import test from "ava";
import { domainFromLxcConf } from "./index.js";

const HOOKS = { defaultArch: "x86_64" };
const BASE = "lxc.uts.name = c\nlxc.rootfs.path = /srv/c\n";

/** What is wrong with a configuration, and what the client is told of it. */
const REFUSED: readonly (readonly [config: string, code: ErrorName, words: RegExp])[] = [
  ["lxc.rootfs.path = /srv/c\n", "INTERNAL_ERROR", /missing lxc\.uts\.name/],
  ["lxc.uts.name = c\n", "INTERNAL_ERROR", /missing lxc\.rootfs/],
  [`${BASE}what is this\n`, "CONF_SYNTAX", /memory conf:3/],
  [`${BASE}lxc.mount = /etc/fstab\n`, "ARGUMENT_UNSUPPORTED", /lxc\.mount\.fstab or lxc\.mount found/],
  [`${BASE}lxc.mount.entry = proc\n`, "INTERNAL_ERROR", /invalid lxc\.mount\.entry/],
  [`${BASE}lxc.mount.entry = tmpfs run tmpfs nodev 0 0\n`, "INTERNAL_ERROR", /missing tmpfs size/],
  [`${BASE}lxc.mount.entry = tmpfs run tmpfs size=50% 0 0\n`, "INTERNAL_ERROR", /can't convert relative size: '50%'/],
  [`${BASE}lxc.net.0.type = phys\n`, "CONFIG_UNSUPPORTED", /Missing 'link' attribute for NIC/],
  [`${BASE}lxc.net.0.type = veth\nlxc.net.0.wings = 2\n`, "CONFIG_UNSUPPORTED", /Unhandled network property/],
  [`${BASE}lxc.net.0.type = veth\nlxc.net.0.ipv4.address = 1.2.3\n`, "INVALID_ARG", /Invalid CIDR address: '1\.2\.3'/],
  [`${BASE}lxc.network.link = br0\n`, "INTERNAL_ERROR", /before lxc\.network\.type/],
  [`${BASE}lxc.idmap = x 0 1 2\n`, "INTERNAL_ERROR", /invalid lxc\.idmap: 'x 0 1 2'/],
  [`${BASE}lxc.tty.max = many\n`, "INTERNAL_ERROR", /many/],
  [`${BASE}lxc.tty.max = 100000\n`, "INTERNAL_ERROR", /100000/],
  [`${BASE}lxc.cgroup.cpu.shares = few\n`, "INTERNAL_ERROR", /failed to parse integer: 'few'/],
  [`${BASE}lxc.cgroup.memory.limit_in_bytes = lots\n`, "INTERNAL_ERROR", /failed to convert size: 'lots'/],
  [`${BASE}lxc.cgroup.blkio.device_weight = 8:0\n`, "INTERNAL_ERROR", /invalid lxc\.cgroup\.blkio\.device_weight/],
];

test("a configuration that cannot be understood is refused with its reason", (t) => {
  for (const [config, code, words] of REFUSED) {
    const error = t.throws<VirtError>(() => domainFromLxcConf(config, HOOKS), undefined, config);
    t.is(error?.code, code, config);
    t.regex(error?.detail ?? "", words);
    t.not(error?.hint, undefined, config);
  }
});

test("the ids of maps are read as the LXC tools mean them", (t) => {
  const idmap = (line: string) =>
    domainFromLxcConf(`${BASE}lxc.idmap = ${line}\nlxc.idmap = g 0 5 9\n`, HOOKS).idmap?.uid;
  t.deepEqual(idmap("u 0 100000 65536"), [{ start: 0, target: 100000, count: 65536 }]);
  t.deepEqual(idmap("u 100000 0 65536"), [{ start: 0, target: 100000, count: 65536 }]);
});
