// What the programs in the rig's guest say of what they try.

const counts = { passed: 0, failed: 0 };

/** Tries one thing; a failure keeps no other from being tried. */
export async function check(what, work) {
  try {
    await work();
    counts.passed++;
    console.log(`ok   ${what}`);
  } catch (error) {
    counts.failed++;
    console.log(`FAIL ${what}: ${error.stack}`);
  }
}

export function expect(found, wanted) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${a}, expected ${b}`);
}

/** Called once, at the end. Answers whether nothing has failed. */
export function sum() {
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0;
}
