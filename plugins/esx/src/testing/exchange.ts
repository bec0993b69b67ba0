/** One exchange of HTTP, as it was recorded. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly request: string;
  readonly status: number;
  readonly type: string;
  /** Text, or base64 of what is none. */
  readonly reply: string;
  readonly encoding: "utf8" | "base64";
}

/** What a call of the API gave: its result, or its error. */
export interface Answer {
  readonly call: string;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A conversation with a simulated server, and what our driver made of it. */
export interface Recording {
  readonly exchanges: readonly Exchange[];
  readonly answers: readonly Answer[];
}

/** Every envelope begins and ends alike: that much is left out of a recording. */
const HEADS = [
  /^<\?xml[^>]*\?>\s*<soapenv:Envelope[^>]*>\s*<soapenv:Body>/,
  /<\/soapenv:Body>\s*<\/soapenv:Envelope>\s*$/,
] as const;

export function shortened(text: string): string {
  const [head, tail] = HEADS;
  return head.test(text) && tail.test(text) ? `~${text.replace(head, "").replace(tail, "")}` : text;
}

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>';

export function lengthened(text: string): string {
  return text.startsWith("~") ? `${HEAD}${text.slice(1)}</soapenv:Body></soapenv:Envelope>` : text;
}
