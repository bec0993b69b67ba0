import type { Outcome } from "./command.js";
import type { Driver } from "./peer.js";
import type { Virsh } from "./virsh.js";

/** The guest of a script: fixed, so that two daemons say the same of it. */
export const NAME = "guest";
export const UUID = "6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f01";

/** One command of virsh. Words are split at spaces; `{xml}` stands for a file with the domain's configuration. */
export interface Step {
  readonly command: string;
  /** What it must print: on standard output when it succeeds, else on standard error. */
  readonly says: RegExp;
  readonly fails?: true;
}

const CREATED = /^Domain 'guest' created from /m;
/** virsh ends its output with an empty line. */
const SILENCE = /^\s*$/;

const step = (command: string, says: RegExp): Step => ({ command, says });
const failing = (command: string, says: RegExp): Step => ({ command, says, fails: true });

/** Calls about the host and the connection. */
export function hostSteps(driver: Driver): Step[] {
  return [
    step(
      "version",
      driver === "test" ? /^Running hypervisor: TEST 0\.0\.2$/m : /^Running hypervisor: QEMU \d+\.\d+\.\d+$/m,
    ),
    step("hostname", /^\S+$/m),
    step("uri", driver === "test" ? /^test\+unix:/ : /^qemu\+unix:/),
    step("nodeinfo", /^CPU model: +\S+\nCPU\(s\): +\d+\n[\s\S]*^Memory size: +\d+ KiB$/m),
    step("capabilities", driver === "test" ? /<domain type='test'/ : /<domain type='qemu'/),
    step("list --all", /^ Id +Name +State/m),
  ];
}

/** A persistent domain from its definition to its end. */
export function persistentSteps(driver: Driver): Step[] {
  const qemu = driver === "qemu";
  return [
    step("define {xml}", /^Domain 'guest' defined from /),
    failing("define {other}", /domain 'guest' already exists with uuid 6f1d2b34-8f0e-4a53-9c1b-0a5d7c3e9f01/),
    step(`domname ${UUID}`, /^guest$/m),
    step("domuuid guest", new RegExp(`^${UUID}$`, "m")),
    failing("domid 4711", /failed to get domain '4711'/),
    failing(
      "domname 00000000-0000-4000-8000-000000000000",
      /failed to get domain '00000000-0000-4000-8000-000000000000'/,
    ),
    step("list --all --name", /^guest$/m),
    step("list --inactive --persistent --no-autostart --name", /^guest$/m),
    step("domstate guest --reason", /^shut off \(unknown\)$/m),
    step("dominfo guest", /^Persistent: +yes$/m),
    step("autostart guest", /^Domain 'guest' marked as autostarted$/m),
    step("list --all --autostart --name", /^guest$/m),
    step("autostart guest --disable", /^Domain 'guest' unmarked as autostarted$/m),
    step("setmaxmem guest 131072 --config", SILENCE),
    step("setmem guest 98304 --config", SILENCE),
    step("setvcpus guest 2 --config --maximum", SILENCE),
    step("setvcpus guest 2 --config", SILENCE),
    step("vcpucount guest", /^maximum +config +2$/m),
    step("dumpxml guest --inactive", /<currentMemory unit='KiB'>98304<\/currentMemory>/),
    failing("suspend guest", /not running/),
    failing("destroy guest", /domain is not running/),
    step("start guest", /^Domain 'guest' started$/m),
    failing("start guest", /Domain is already active/),
    step("domstate guest --reason", /^running \(booted\)$/m),
    step("domid guest", /^\d+$/m),
    step("list", /^ \d+ +guest +running$/m),
    step("dominfo guest", /^State: +running$/m),
    step("dumpxml guest", /^<domain type='\w+' id='\d+'>$/m),
    step("dumpxml guest --security-info --inactive", /^<domain type='\w+'>$/m),
    step("domstats guest --state --balloon --vcpu", /state\.state=1/),
    step("vcpucount guest --live --active", /^2$/m),
    step("suspend guest", /^Domain 'guest' suspended$/m),
    step("domstate guest --reason", /^paused \(user\)$/m),
    step("list --state-paused --name", /^guest$/m),
    step("resume guest", /^Domain 'guest' resumed$/m),
    step("domstate guest --reason", /^running \(unpaused\)$/m),
    step("reset guest", /^Domain 'guest' was reset$/m),
    // The idle guest's firmware does not hear of a reboot or a shutdown; the test driver obeys at once.
    step("reboot guest", /^Domain 'guest' is being rebooted$/m),
    step("destroy guest", /^Domain 'guest' destroyed$/m),
    step("domstate guest --reason", /^shut off \(destroyed\)$/m),
    ...(qemu ? startPaused : []),
    step("start guest", /^Domain 'guest' started$/m),
    step("shutdown guest", /^Domain 'guest' is being shutdown$/m),
    ...(qemu ? [step("destroy guest --graceful", /^Domain 'guest' destroyed$/m)] : []),
    step("domstate guest --reason", qemu ? /^shut off \(destroyed\)$/m : /^shut off \(shutdown\)$/m),
    step("undefine guest --managed-save --snapshots-metadata", /^Domain 'guest' has been undefined$/m),
    failing("dominfo guest", /failed to get domain 'guest'/),
  ];
}

const startPaused = [
  step("start guest --paused", /^Domain 'guest' started$/m),
  step("domstate guest --reason", /^paused \(user\)$/m),
  step("resume guest", /^Domain 'guest' resumed$/m),
  step("destroy guest", /^Domain 'guest' destroyed$/m),
];

/** A domain that nothing defines: it is gone when it stops. */
export function transientSteps(driver: Driver): Step[] {
  return [
    ...(driver === "qemu"
      ? [step("create {xml} --paused", CREATED), step("domstate guest --reason", /^paused \(user\)$/m)]
      : [step("create {xml}", CREATED), step("domstate guest --reason", /^running \(booted\)$/m)]),
    step("list --transient --name", /^guest$/m),
    ...(driver === "qemu"
      ? [
          failing("undefine guest", /cannot undefine transient domain/),
          failing("autostart guest", /cannot set autostart for transient domain/),
        ]
      : []),
    step("destroy guest", /^Domain 'guest' destroyed$/m),
    failing("domstate guest", /failed to get domain 'guest'/),
    step("create {xml}", CREATED),
    step("define {xml}", /^Domain 'guest' defined from /),
    step("dominfo guest", /^Persistent: +yes$/m),
    step("undefine guest", /^Domain 'guest' has been undefined$/m),
    step("dominfo guest", /^Persistent: +no$/m),
    step("destroy guest", /^Domain 'guest' destroyed$/m),
  ];
}

/** Runs one step; `files` are what `{name}` stands for. */
export function runStep(virsh: Virsh, { command }: Step, files: Readonly<Record<string, string>>): Promise<Outcome> {
  return virsh.run(
    ...command.split(" ").map((word) => word.replace(/^\{(\w+)\}$/, (_, name: string) => files[name] ?? "")),
  );
}
