// Runs the receivers of the guide over lines of JSON, one answer a line.
import { createInterface } from 'node:readline';
import { verifyGlacis, verifyStandard } from './guide.mjs';

console.log(JSON.stringify({ version: process.version }));
for await (const line of createInterface({ input: process.stdin })) {
  const { scheme, secret, headers, body, now } = JSON.parse(line);
  const raw = Buffer.from(body, 'hex');
  const verdict = scheme === 'glacis'
    ? verifyGlacis(secret, headers['x-glacis-signature'], raw)
    : verifyStandard(secret, headers, raw, now);
  console.log(JSON.stringify({ verdict }));
}
