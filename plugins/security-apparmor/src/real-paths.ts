import { type SecurityTarget, VirtError } from "@polyvisor/core";
import { runHelper } from "@polyvisor/sdk/process";

/** Images may lie on a file system that hangs. */
const DEADLINE = 40_000;
/** For each path whether it is there, and its name without symbolic links; the missing end of one stays as it is. */
const SCRIPT =
  'for path; do if [ -e "$path" ]; then printf e; else printf m; fi; realpath -mz -- "$path" || exit; done';

/**
 * The same targets by the names that the kernel compares with rules: those without symbolic links. Fails where one is not
 * there that must be. Looks in a process of its own.
 */
export async function withRealPaths(targets: readonly SecurityTarget[]): Promise<readonly SecurityTarget[]> {
  if (targets.length === 0) return [];
  const argv = ["/bin/sh", "-c", SCRIPT, "sh", ...targets.map(({ path }) => path)] as const;
  const { status, stdout, stderr } = await runHelper([...argv], { deadline: DEADLINE });
  if (status !== 0) throw new VirtError("SYSTEM_ERROR", `unable to resolve the paths of a guest: ${stderr.trim()}`);
  const answers = stdout.split("\0");
  return targets.map((target, index) => {
    const [isThere, path] = [answers[index]?.startsWith("e"), answers[index]?.slice(1) ?? target.path];
    if (isThere || target.optional || target.own) return { ...target, path };
    throw new VirtError("INTERNAL_ERROR", `'${target.path}' does not exist: No such file or directory`, {
      domain: "SECURITY",
    });
  });
}
