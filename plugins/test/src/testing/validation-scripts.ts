import { CREATE_FLAG, DEFINE_FLAG } from "@polyvisor/core";
import { A, ASK, document } from "./documents.js";
import type { Step } from "./our-peer.js";

const UNKNOWN_ELEMENT = document("b", "<flux/>");
const WRONG_WORD = document("b", "<on_crash>panic</on_crash>");
const WRONG_ROOT = "<network><name>n</name></network>";
const NOT_WELL_FORMED = "<domain type='test'><name>b</domain>";

const FAULTY = [UNKNOWN_ELEMENT, WRONG_WORD, WRONG_ROOT, NOT_WELL_FORMED];

/** What is held against the schema: with libxmljs2 and libvirt's schemas only. */
export const VALIDATION_SCRIPTS: Readonly<Record<string, readonly Step[]>> = {
  "documents that are validated": [
    ["defineXMLFlags", null, A, DEFINE_FLAG.VALIDATE],
    ...ASK,
    ["createXML", null, A, CREATE_FLAG.VALIDATE],
    ...ASK,
    ...FAULTY.flatMap((xml): Step[] => [
      ["defineXMLFlags", null, xml, DEFINE_FLAG.VALIDATE],
      ["createXML", null, xml, CREATE_FLAG.VALIDATE],
    ]),
    ["listAllDomains", null, 0],
  ],
};
