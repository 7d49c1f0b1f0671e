/** How the server compresses, the smaller result first. */
const ENCODINGS = ['br', 'gzip'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** The best encoding that an Accept-Encoding header takes. Undefined: none, and the file goes as it is. */
export function chooseEncoding(header: string | undefined): Encoding | undefined {
  const weights = new Map((header ?? '').toLowerCase().split(',').map(readWeight));
  return ENCODINGS.find((encoding) => (weights.get(encoding) ?? weights.get('*') ?? 0) > 0);
}

/** Of `gzip;q=0.5`: the encoding, and its weight, of which only 0, "not this one", matters here. */
function readWeight(part: string): [string, number] {
  const [name = '', ...parameters] = part.split(';').map((text) => text.trim());
  const weight = parameters.find((parameter) => parameter.startsWith('q='));
  return [name, weight === undefined ? 1 : Number(weight.slice(2))];
}
