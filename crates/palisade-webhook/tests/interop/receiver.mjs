// Runs the receivers of the guide over lines of JSON, one answer a line.
import { createInterface } from 'node:readline';
import { glacisVerifier, standardVerifier } from './guide.mjs';

// What a mistaken service, or a framework that was sent something odd, hands over instead.
const odd = {
  'an array': (value) => [value],
  'an array of two': (value) => [value, value],
  'an object': () => ({}),
  'undefined': () => undefined,
  'null': () => null,
  'a text': (value) => value.toString(),
  'NaN': () => NaN,
};

function answer({ scheme, secret, headers, body, now, odd: [part, kind] }) {
  let given = { headers, body: Buffer.from(body, 'hex'), now };
  if (part in given) given[part] = odd[kind](given[part]);
  else if (part in headers) headers[part] = odd[kind](headers[part]);
  else if (part) throw new Error(`nothing is called ${part}`);
  let verify;
  try {
    verify = scheme === 'glacis' ? glacisVerifier(secret) : standardVerifier(secret);
  } catch {
    return { error: 'secret' };
  }
  try {
    return { verdict: verify(given.headers, given.body, given.now) };
  } catch (error) {
    return { error: /raw bytes/.test(error.message) ? 'body' : String(error) };
  }
}

console.log(JSON.stringify({ version: process.version }));
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line))));
}
