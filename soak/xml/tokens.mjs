// Just enough of XML to cut documents at the places where it hurts.

/** The elements of a document: where each begins and ends, its start tag's end, its name and depth. */
export function elementsOf(text) {
  const elements = [];
  const open = [];
  for (const match of text.matchAll(/<!--.*?-->|<\?.*?\?>|<(\/?)([\w:.-]+)((?:[^<>"']|"[^"]*"|'[^']*')*)>/gs)) {
    const [tag, slash, name, rest] = match;
    if (name === undefined) continue;
    const end = match.index + tag.length;
    if (slash === "/") {
      const element = open.pop();
      if (element !== undefined) element.end = end;
      continue;
    }
    const element = { name, start: match.index, tagEnd: end, end, depth: open.length };
    elements.push(element);
    if (!rest.endsWith("/")) open.push(element);
  }
  return elements;
}

/** The attributes of a document: where each begins, where its value begins and ends. */
export function attributesOf(text) {
  return [...text.matchAll(/\s([\w:.-]+)\s*=\s*("[^"]*"|'[^']*')/g)].map((match) => {
    const end = match.index + match[0].length;
    return { name: match[1], start: match.index, valueStart: end - match[2].length + 1, valueEnd: end - 1, end };
  });
}

/** The texts of a document that are more than layout. */
export function textsOf(text) {
  return [...text.matchAll(/>([^<>]*[^<>\s][^<>]*)</g)].map((match) => ({
    start: match.index + 1,
    end: match.index + 1 + match[1].length,
  }));
}

export function replace(text, start, end, by) {
  return text.slice(0, start) + by + text.slice(end);
}
