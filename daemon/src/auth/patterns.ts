/**
 * A test for names that are on a list. In a pattern `*` stands for any text and `?` for one character, as in libvirt's
 * lists; without a list everybody is on it.
 */
export function nameTest(patterns: readonly string[] | undefined): (name: string) => boolean {
  if (patterns === undefined) return () => true;
  const expressions = patterns.map(expressionOf);
  return (name) => expressions.some((expression) => expression.test(name));
}

function expressionOf(pattern: string): RegExp {
  const source = pattern
    .replace(/[\\^$+.()|[\]{}]/g, "\\$&")
    // Several in a row say no more than one, and would make the search for a match slow.
    .replace(/\*+/g, ".*")
    .replace(/\?/g, ".");
  return new RegExp(`^${source}$`, "su");
}
