/** What libvirt's driver of containers says otherwise than ours, as docs/plugins/lxc.md or docs/differences.md tells. */
export interface ExplainedStep {
  /** What its line there begins with, behind the list's or the table's mark. */
  readonly row: string;
  readonly command: RegExp;
  readonly theirs: RegExp;
  readonly ours: RegExp;
}

const NO_INIT = /Failure in libvirt_lxc startup: cannot find init path '\/bin\/\w+' relative to container root/;

export const EXPLAINED_STEPS: readonly ExplainedStep[] = [
  {
    row: "A program or a file system that cannot be had",
    command: /^(create|start) /,
    theirs: NO_INIT,
    ours: /^error: internal error: guest failed to start: ./m,
  },
  {
    row: "A root folder that is not there",
    command: /^(create|start) /,
    theirs: NO_INIT,
    ours: /^error: Failed to access 'FOLDER\/root\/nowhere': /m,
  },
  {
    row: "Asking how many parameters there are",
    command: /^domblkstat /,
    theirs: /^error: Failed to get block stats for domain 'one' device '(sda)?'\n/,
    ours: /^error: (Requested operation is not valid: domain is not running|invalid argument: invalid path: sda)$/,
  },
  {
    row: "`domstats` is refused",
    command: /^domstats /,
    theirs: /: virDomainListGetStats$/,
    ours: /: virConnectGetAllDomainStats$/,
  },
  {
    row: "The partition that a container gets",
    command: /^dumpxml one --inactive$/,
    theirs: /<partition>\/machine<\/partition>/,
    ours: /^((?!<partition>)[\s\S])*$/,
  },
  {
    row: "`--mode initctl` is refused",
    command: /^(shutdown|reboot) one --mode initctl$/,
    theirs: /^Domain 'one' is being (shutdown|rebooted)$/,
    ours: /Container does not provide an initctl pipe$/,
  },
  {
    row: "`cannot undefine transient domain`",
    command: /^(undefine|autostart) one$/,
    theirs: /: Cannot (undefine transient domain|set autostart for transient domain)$/,
    ours: /: cannot (undefine transient domain|set autostart for transient domain)$/,
  },
];

/** Its own memory of an earlier definition makes libvirt's driver tell of a change. */
export const EXPLAINED_EVENTS = {
  row: "A container that was undefined while it runs",
  after: "event 'lifecycle' for domain 'one': Undefined Removed",
  theirs: "event 'lifecycle' for domain 'one': Defined Updated",
  ours: "event 'lifecycle' for domain 'one': Defined Added",
} as const;
