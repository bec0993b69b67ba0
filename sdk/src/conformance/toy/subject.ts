import { MemoryKeeper } from "../../driver/index.js";
import { type HypervisorProfile, type HypervisorSubject, subjectOfDriver, TRAITS } from "../hypervisor/index.js";
import { ToyBackend } from "./backend.js";
import type { BrokenToy } from "./broken.js";
import { ToyDriver } from "./driver.js";

export const TOY_URI = "toy:///system";

const DOCUMENT = `<domain type='test'>
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit='KiB'>65536</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64'>hvm</type></os>
</domain>`;

/** A toy under test, the correct one or a broken one. */
export function toySubject(broken?: BrokenToy): HypervisorSubject {
  const [backend, keeper] = [new ToyBackend(), new MemoryKeeper()];
  const make = () => subjectOfDriver(new ToyDriver(backend, keeper, broken?.breaks), TOY_URI);
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
