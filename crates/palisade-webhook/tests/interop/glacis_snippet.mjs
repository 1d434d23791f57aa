// What GLACIS's own documentation tells its customers, by its description in the format page: the body was parsed and
// is written again, and the comparison is not in constant time. It has to verify what we send; nobody should copy it.
import { createHmac } from 'node:crypto';
import { createInterface } from 'node:readline';

function verifyWebhook(payload, signature, secret) {
  const expected = 'sha256=' + createHmac('sha256', secret).update(JSON.stringify(payload)).digest('hex');
  return signature === expected;
}

console.log(JSON.stringify({ version: process.version }));
for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  const payload = JSON.parse(Buffer.from(body, 'hex').toString());
  console.log(JSON.stringify({ verdict: verifyWebhook(payload, headers['x-glacis-signature'], secret) }));
}
