import { type HypervisorProfile, type HypervisorSubject, subjectOfDriver, TRAITS } from "../hypervisor/index.js";
import type { BrokenToy } from "./broken.js";
import { emptyDisk } from "./disk.js";
import { ToyDriver } from "./driver.js";

export const TOY_URI = "toy:///default";

const DOCUMENT = `<domain type='test'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='KiB'>65536</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
</domain>`;

/** How long a call of a broken toy waits for its domain's turn, so that a job that was leaked is noticed soon. */
const BROKEN_WAIT_MS = 500;

/** A toy under test, the correct one or a broken one. */
export function toySubject(broken?: BrokenToy): HypervisorSubject {
  const disk = emptyDisk();
  const make = () => {
    const options = broken === undefined ? {} : { broken: broken.breaks, jobWaitMs: BROKEN_WAIT_MS };
    return subjectOfDriver(new ToyDriver({ disk, ...options }), TOY_URI);
  };
  let subject = make();
  const restart = async () => {
    await subject.close();
    subject = make();
  };
  return {
    open: (options) => subject.open(broken?.ignoresReadOnly === true ? {} : options),
    restart,
    kill: restart,
    close: () => subject.close(),
  };
}

/** What the toy's author would say of it. */
export const TOY_PROFILE: HypervisorProfile = {
  fixtures: { domain: DOCUMENT, console: DOCUMENT },
  traits: [TRAITS.guestsRun, TRAITS.obeysShutdown, TRAITS.keepsDefinitions, TRAITS.keepsGuests],
};
