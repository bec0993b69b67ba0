import { array, i32, optional, u32 } from "../xdr/index.js";
import { call, defineApi, type HandlersOf } from "./define.js";
import { LIMITS } from "./limits.js";
import { domainCheckpoint } from "./objects.js";
import { domain, text } from "./types.js";

/** Checkpoints and backups. */
export const domainCheckpointApi = defineApi({
  domainCheckpointCreateXML: call(
    411,
    { dom: domain, xmlDesc: text, flags: u32 },
    { checkpoint: domainCheckpoint },
    {
      acl: ["domain:checkpoint", "domain:fs_freeze:VIR_DOMAIN_CHECKPOINT_CREATE_QUIESCE"],
      shape: { returns: "checkpoint" },
    },
  ),
  domainCheckpointGetXMLDesc: call(
    412,
    { checkpoint: domainCheckpoint, flags: u32 },
    { xml: text },
    { acl: ["domain:read", "domain:read_secure:VIR_DOMAIN_CHECKPOINT_XML_SECURE"], shape: { returns: "xml" } },
  ),
  domainListAllCheckpoints: call(
    413,
    { dom: domain, needResults: i32, flags: u32 },
    { checkpoints: array(domainCheckpoint, LIMITS.domainCheckpointList), ret: i32 },
    { acl: ["domain:read"], priority: "high", shape: { list: "checkpoints" } },
  ),
  domainCheckpointListAllChildren: call(
    414,
    { checkpoint: domainCheckpoint, needResults: i32, flags: u32 },
    { checkpoints: array(domainCheckpoint, LIMITS.domainCheckpointList), ret: i32 },
    { acl: ["domain:read"], priority: "high", shape: { list: "checkpoints" } },
  ),
  domainCheckpointLookupByName: call(
    415,
    { dom: domain, name: text, flags: u32 },
    { checkpoint: domainCheckpoint },
    { acl: ["domain:read"], priority: "high", shape: { returns: "checkpoint" } },
  ),
  domainCheckpointGetParent: call(
    416,
    { checkpoint: domainCheckpoint, flags: u32 },
    { parent: domainCheckpoint },
    { acl: ["domain:read"], priority: "high", shape: { returns: "parent" } },
  ),
  domainCheckpointDelete: call(417, { checkpoint: domainCheckpoint, flags: u32 }, {}, { acl: ["domain:checkpoint"] }),
  domainBackupBegin: call(
    421,
    { dom: domain, backupXml: text, checkpointXml: optional(text), flags: u32 },
    {},
    { acl: ["domain:checkpoint", "domain:block_write"] },
  ),
  domainBackupGetXMLDesc: call(
    422,
    { dom: domain, flags: u32 },
    { xml: text },
    { acl: ["domain:read"], priority: "high", shape: { returns: "xml" } },
  ),
});

export interface DomainCheckpointHandlers extends HandlersOf<typeof domainCheckpointApi> {}
