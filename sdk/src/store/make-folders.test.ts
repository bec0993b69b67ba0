import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import test from "ava";
import { makeFolders } from "./make-folders.js";

const CASES: readonly {
  readonly title: string;
  readonly path: string;
  /** What it answers, or the code that it is refused with. */
  readonly made?: string;
  readonly code?: string;
}[] = [
  { title: "one", path: "new", made: "new" },
  { title: "with those above it", path: "new/er/est", made: "new" },
  { title: "with one above it", path: "there/new", made: "there/new" },
  { title: "that is there", path: "there" },
  { title: "that is there by a link", path: "link" },
  { title: "below a link", path: "link/new", made: "link/new" },
  { title: "that is a file", path: "file", code: "EEXIST" },
  { title: "below a file", path: "file/new/er", code: "ENOTDIR" },
  { title: "that is a link to nothing", path: "nothing", code: "EEXIST" },
  { title: "with a name that is too long", path: `new/${"x".repeat(300)}`, code: "ENAMETOOLONG" },
];

for (const { title, path, made, code } of CASES)
  test(`makes a folder: ${title}`, async (t) => {
    const base = await mkdtemp(join(tmpdir(), "folders-"));
    try {
      await mkdir(join(base, "there"));
      await writeFile(join(base, "file"), "");
      await symlink(join(base, "there"), join(base, "link"));
      await symlink(join(base, "nowhere/at/all"), join(base, "nothing"));
      if (code !== undefined) {
        await t.throwsAsync(makeFolders(join(base, path), 0o700), { code });
        return;
      }
      const answer = await makeFolders(join(base, path), 0o700);
      t.is(answer && relative(base, answer), made);
      const found = await stat(join(base, path));
      t.true(found.isDirectory());
      if (made !== undefined) t.is(found.mode & 0o777, 0o700);
    } finally {
      await rm(base, { recursive: true });
    }
  });

test("a folder is refused where its parent is there and it cannot be", async (t) => {
  for (const path of ["/proc/nothing", "/proc/nothing/deeper/still"])
    await t.throwsAsync(makeFolders(path), { code: "ENOENT" });
});

test("many may make the same folders at once", async (t) => {
  const base = await mkdtemp(join(tmpdir(), "folders-"));
  try {
    await Promise.all(Array.from({ length: 20 }, () => makeFolders(join(base, "a/b/c/d"))));
    t.true((await stat(join(base, "a/b/c/d"))).isDirectory());
  } finally {
    await rm(base, { recursive: true });
  }
});

test("the root is there", async (t) => {
  t.is(await makeFolders("/"), undefined);
});
