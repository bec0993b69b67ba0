import { array, i32, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { domainSnapshot } from "./objects.js";
import { domain, text } from "./types.js";

/** Snapshots. */
export const domainSnapshotApi = defineApi({
  domainSnapshotCreateXML: call(
    185,
    { dom: domain, xmlDesc: text, flags: u32 },
    { snap: domainSnapshot },
    { acl: ["domain:snapshot", "domain:fs_freeze:VIR_DOMAIN_SNAPSHOT_CREATE_QUIESCE"], shape: { returns: "snap" } },
  ),
  domainSnapshotGetXMLDesc: call(
    186,
    { snap: domainSnapshot, flags: u32 },
    { xml: text },
    {
      acl: ["domain:read", "domain:read_secure:VIR_DOMAIN_SNAPSHOT_XML_SECURE"],
      priority: "high",
      shape: { returns: "xml" },
    },
  ),
  domainSnapshotNum: call(
    187,
    { dom: domain, flags: u32 },
    { num: i32 },
    { acl: ["domain:read"], priority: "high", shape: { returns: "num" } },
  ),
  domainSnapshotListNames: call(
    188,
    { dom: domain, maxnames: i32, flags: u32 },
    { names: array(text, LIMITS.domainSnapshotList) },
    { acl: ["domain:read"], priority: "high", shape: { upTo: "names", limit: "maxnames" } },
  ),
  domainSnapshotLookupByName: call(
    189,
    { dom: domain, name: text, flags: u32 },
    { snap: domainSnapshot },
    { acl: ["domain:read"], priority: "high", shape: { returns: "snap" } },
  ),
  domainHasCurrentSnapshot: call(
    190,
    { dom: domain, flags: u32 },
    { result: i32 },
    { acl: ["domain:read"], shape: { returns: "result" } },
  ),
  domainSnapshotCurrent: call(
    191,
    { dom: domain, flags: u32 },
    { snap: domainSnapshot },
    { acl: ["domain:read"], shape: { returns: "snap" } },
  ),
  domainRevertToSnapshot: call(192, { snap: domainSnapshot, flags: u32 }, {}, { acl: ["domain:snapshot"] }),
  domainSnapshotDelete: call(193, { snap: domainSnapshot, flags: u32 }, {}, { acl: ["domain:snapshot"] }),
  domainSnapshotGetParent: call(
    244,
    { snap: domainSnapshot, flags: u32 },
    { snap: domainSnapshot },
    { acl: ["domain:read"], priority: "high", shape: { returns: "snap" } },
  ),
  domainSnapshotNumChildren: call(
    246,
    { snap: domainSnapshot, flags: u32 },
    { num: i32 },
    { acl: ["domain:read"], priority: "high", shape: { returns: "num" } },
  ),
  domainSnapshotListChildrenNames: call(
    247,
    { snap: domainSnapshot, maxnames: i32, flags: u32 },
    { names: array(text, LIMITS.domainSnapshotList) },
    { acl: ["domain:read"], priority: "high", shape: { upTo: "names", limit: "maxnames" } },
  ),
  domainSnapshotIsCurrent: call(
    271,
    { snap: domainSnapshot, flags: u32 },
    { current: i32 },
    { acl: ["domain:read"], shape: { returns: "current" } },
  ),
  domainSnapshotHasMetadata: call(
    272,
    { snap: domainSnapshot, flags: u32 },
    { metadata: i32 },
    { acl: ["domain:read"], shape: { returns: "metadata" } },
  ),
  domainListAllSnapshots: call(
    274,
    { dom: domain, needResults: i32, flags: u32 },
    { snapshots: array(domainSnapshot, LIMITS.domainSnapshotList), ret: i32 },
    { acl: ["domain:read"], priority: "high", shape: { list: "snapshots" } },
  ),
  domainSnapshotListAllChildren: call(
    275,
    { snapshot: domainSnapshot, needResults: i32, flags: u32 },
    { snapshots: array(domainSnapshot, LIMITS.domainSnapshotList), ret: i32 },
    { acl: ["domain:read"], priority: "high", shape: { list: "snapshots" } },
  ),
});

export interface DomainSnapshotHandlers extends HandlersOf<typeof domainSnapshotApi> {}
