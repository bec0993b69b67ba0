import {
  CRASHED_REASON,
  DOMAIN_STATE,
  PAUSED_REASON,
  RUNNING_REASON,
  SHUTOFF_REASON,
  VirtError,
} from "@polyvisor/core";
import test from "ava";
import { serializeXml } from "../../xml/index.js";
import { formatStatusDocument, parseStatusDocument, stateNumbers, stateOfNumbers } from "../index.js";

const DOCUMENT = `<domstatus state='paused' reason='starting up' pid='4711'>
  <taint flag='high-privileges'/>
  <taint flag='custom-device'/>
  <deprecation>machine &apos;old&apos;</deprecation>
  <own/>
  <domain/>
</domstatus>
`;

test("a status document is taken apart and put together again", (t) => {
  const { frame, driver, domain } = parseStatusDocument(DOCUMENT);
  t.deepEqual(frame.status, { state: "paused", reason: "starting up" });
  const text = formatStatusDocument(frame, {
    driver: (w) => {
      for (const element of driver) w.line(serializeXml(element));
    },
    domain: (level) => `${"  ".repeat(level)}${serializeXml(domain)}\n`,
  });
  t.is(text, DOCUMENT);
});

test("states and reasons have the numbers of the API", (t) => {
  t.deepEqual(stateNumbers({ state: "running", reason: "post-copy failed" }), {
    state: DOMAIN_STATE.RUNNING,
    reason: RUNNING_REASON.POSTCOPY_FAILED,
  });
  t.deepEqual(stateNumbers({ state: "paused", reason: "shutdown" }), {
    state: DOMAIN_STATE.PAUSED,
    reason: PAUSED_REASON.SHUTTING_DOWN,
  });
  t.deepEqual(stateNumbers({ state: "shutoff", reason: "daemon" }).reason, SHUTOFF_REASON.DAEMON);
  t.deepEqual(stateOfNumbers({ state: DOMAIN_STATE.CRASHED, reason: CRASHED_REASON.PANICKED }), {
    state: "crashed",
    reason: "panicked",
  });
  t.deepEqual(stateOfNumbers({ state: 99, reason: 99 }), { state: "nostate", reason: "unknown" });
});

const REFUSED: readonly (readonly [what: string, xml: string, code: string, words: RegExp])[] = [
  ["no configuration", "<domstatus state='running' pid='1'/>", "INTERNAL_ERROR", /no domain config/],
  [
    "an unknown state",
    "<domstatus state='runing' pid='1'><domain/></domstatus>",
    "XML_ERROR",
    /Invalid value for attribute 'state' in element 'domstatus': 'runing'/,
  ],
  [
    "a reason of another state",
    "<domstatus state='running' reason='ioerror' pid='1'><domain/></domstatus>",
    "CONFIG_UNSUPPORTED",
    /invalid domain state reason 'ioerror'/,
  ],
  [
    "no process",
    "<domstatus state='running'><domain/></domstatus>",
    "XML_ERROR",
    /Missing required attribute 'pid' in element 'domstatus'/,
  ],
  [
    "an unknown taint",
    "<domstatus state='running' pid='1'><taint flag='x'/><domain/></domstatus>",
    "XML_ERROR",
    /Invalid value for attribute 'flag' in element 'taint': 'x'/,
  ],
];

for (const [what, xml, code, words] of REFUSED) {
  test(`a status document with ${what} is refused in libvirt's words, with its place`, (t) => {
    const error = t.throws(() => parseStatusDocument(xml), { instanceOf: VirtError });
    t.is(error?.code, code as VirtError["code"]);
    t.regex(error?.message ?? "", words);
    t.is(error?.position?.line, 1);
    t.truthy(error?.hint);
  });
}
