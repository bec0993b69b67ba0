import test from "ava";
import { arpAddresses } from "./addresses.js";
import { parseIoStat, parseNetworkCounters, parseServiced } from "./counters.js";

const DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     100       2    0    0    0     0          0         0      100       2    0    0    0     0       0          0
  eth0: 1016           7    1    2    0     0          0         3     4096      9    3    4    0     0       0          0
`;

test("counters of a network device", (t) => {
  t.deepEqual(parseNetworkCounters(DEV, "eth0"), {
    rxBytes: 1016,
    rxPackets: 7,
    rxErrs: 1,
    rxDrop: 2,
    txBytes: 4096,
    txPackets: 9,
    txErrs: 3,
    txDrop: 4,
  });
  t.is(parseNetworkCounters(DEV, "eth"), undefined);
});

test("counters of disks in both versions of the kernel's interface", (t) => {
  const first = "8:0 Read 4096\n8:0 Write 512\n8:0 Sync 0\n8:0 Total 4608\n8:16 Read 1\n8:16 Write 2\nTotal 4611";
  t.deepEqual(parseServiced(first), { read: 4097, write: 514 });
  t.deepEqual(parseServiced(first, "8:16"), { read: 1, write: 2 });
  const second = "8:0 rbytes=4096 wbytes=512 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=2 rios=3 wios=4";
  t.deepEqual(parseIoStat(second), { rdBytes: 4097, wrBytes: 514, rdReq: 4, wrReq: 6 });
  t.deepEqual(parseIoStat(second, "8:16"), { rdBytes: 1, wrBytes: 2, rdReq: 3, wrReq: 4 });
  t.deepEqual(parseIoStat(""), { rdBytes: 0, wrBytes: 0, rdReq: 0, wrReq: 0 });
});

test("addresses that the host has spoken with", (t) => {
  const table = `IP address       HW type     Flags       HW address            Mask     Device
192.0.2.7        0x1         0x2         52:54:00:00:00:07     *        br0
192.0.2.8        0x1         0x2         52:54:00:00:00:08     *        br0`;
  const mac = { address: "52:54:00:00:00:07" };
  const card = { kind: "interface", source: { type: "bridge", bridge: "br0" }, mac, target: { dev: "vnet3" } } as const;
  t.deepEqual(arpAddresses([card], table), [
    { name: "vnet3", hwaddr: "52:54:00:00:00:07", addrs: [{ type: 0, addr: "192.0.2.7", prefix: 32 }] },
  ]);
});
