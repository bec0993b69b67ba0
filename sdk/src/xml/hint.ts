const USUAL: readonly (readonly [words: RegExp, hint: (element: string) => string])[] = [
  [
    /multiple|duplicate|more than once|only one|only two|only a single|already|identical|overlap/i,
    (element) => `Keep one, and remove what is twice from <${element}>.`,
  ],
  [
    /missing|must contain|no .* specified|does not contain|should define|requires? /i,
    (element) => `Add what is missing to <${element}>.`,
  ],
  [
    /out of range|too high|must be less|must be in range|must be between/i,
    (element) => `Choose a value within the range for <${element}>.`,
  ],
  [
    /cannot parse|could not parse|can't parse|invalid.*(?:count|number|value)|must be an integer|integer/i,
    (element) => `Correct the value in <${element}>.`,
  ],
  [
    /not supported|unsupported|only supported|cannot be|can't|not permitted|not allowed|invalid without|not compatible|doesn't support/i,
    (element) => `Remove it from <${element}>, or change what it does not go with.`,
  ],
];

/** What a reader can do about an error whose own place in the code gives no better advice. */
export function usualHint(detail: string, element: string): string {
  for (const [words, hint] of USUAL) {
    if (words.test(detail)) return hint(element);
  }
  return `Look at <${element}>: its form is in libvirt's description of the format.`;
}
