/** What the policy says of guests: the contexts files of the policy, in the folder of the policy. */
export interface GuestContexts {
  /** Of guests on the host's processor. */
  readonly process: string;
  /** Of guests whose processor is emulated: their code is made while they run. */
  readonly emulatedProcess: string | undefined;
  /** Of what a guest writes, but for the level. */
  readonly image: string;
  /** Of what guests read and nobody writes. */
  readonly content: string;
}

/** Of `virtual_domain_context` and `virtual_image_context`. `undefined` where there is no context in one of them. */
export function parseGuestContexts(domainFile: string, imageFile: string): GuestContexts | undefined {
  const [process, emulatedProcess] = linesOf(domainFile);
  const [image, content = image] = linesOf(imageFile);
  if (process === undefined || image === undefined || content === undefined) return undefined;
  return { process, emulatedProcess, image, content };
}

function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** The policy's name, which is its folder below `/etc/selinux`, of `/etc/selinux/config`. */
export function policyName(config: string): string | undefined {
  return /^\s*SELINUXTYPE\s*=\s*(\S+)\s*$/m.exec(config)?.[1];
}
