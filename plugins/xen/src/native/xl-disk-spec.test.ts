import test from "ava";
import { parseXlDiskSpec, type XlDiskSpec } from "./xl-disk-spec.js";

const DISK: XlDiskSpec = {
  target: undefined,
  vdev: "hda",
  format: "raw",
  backend: undefined,
  backendDomain: undefined,
  discard: undefined,
  isCdrom: false,
  isWritable: true,
  isRemovable: false,
};
const CDROM = { isCdrom: true, isWritable: false, isRemovable: true };

test("every form of xl's disks", (t) => {
  const forms: readonly (readonly [string, Partial<XlDiskSpec>])[] = [
    ["/a,raw,hda,rw", { target: "/a" }],
    ["/a,,hda", { target: "/a" }],
    ["/a,qcow2,hda,r", { target: "/a", format: "qcow2", isWritable: false }],
    ["vdev=hda,format=qed,target=/a,b =c ", { target: "/a,b =c ", format: "qed" }],
    // the last comma of the whole is not the target's
    ["vdev=hda,target=/a,,", { target: "/a," }],
    ["  vdev=hda,\t access=ro, target=/a", { target: "/a", isWritable: false }],
    [
      "/a,vhd,hda,w,backendtype=tap,discard,script=x,direct-io-safe",
      { target: "/a", format: "vhd", backend: "tap", discard: true },
    ],
    ["/a,raw,hda,backend=storage,no-discard", { target: "/a", backendDomain: "storage", discard: false }],
    // the old prefixes
    ["file:/a,hda,w", { target: "/a" }],
    ["phy:sda5,hda,w", { target: "sda5" }],
    ["tap:qcow2:/a,hda,w", { target: "/a", format: "qcow2" }],
    ["vhd:/a,hda", { target: "/a", format: "vhd" }],
    // drives
    ["/a,raw,hda,devtype=cdrom", { ...CDROM, target: "/a" }],
    ["/a,raw,hda:cdrom", { ...CDROM, target: "/a" }],
    [",hda:cdrom,r", { ...CDROM, format: "empty" }],
    ["vdev=hda,cdrom", { ...CDROM, format: "empty" }],
    // a name that only begins like a flag
    ["cdroms,raw,hda", { target: "cdroms" }],
    ["rbd:pool/image,raw,hda", { target: "rbd:pool/image" }],
  ];
  for (const [spec, expected] of forms) t.deepEqual(parseXlDiskSpec(spec), { ...DISK, ...expected }, spec);
});
