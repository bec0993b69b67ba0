/** The settings of `plugins/hyperv.conf`. */
export interface HypervConfig {
  /** The file with names and passwords, in libvirt's form; `LIBVIRT_AUTH_FILE` or libvirt's own where it is left out. */
  readonly auth_file?: string;
  /** Certificates of authorities that are trusted, in PEM, beside Node's own. */
  readonly ca_file?: string;
  /** How long a server may take to answer, in seconds. */
  readonly timeout: number;
  /** How long the server may work on what it was told to do, in seconds. */
  readonly job_timeout: number;
}
