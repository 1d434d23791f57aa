// One process of the `jose` package for the interop test: JSON lines in, JSON lines out, as in pyjwt.py.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// `import` does not look into NODE_PATH; `require.resolve` does.
const found = createRequire(import.meta.url).resolve('jose');
const jose = await import(pathToFileURL(found));
const profile = { issuer: 'https://auth.glassmkr.com', audience: 'guardian' };

const answer = (object) => console.log(JSON.stringify(object));
answer({ version: `jose on node ${process.version}` });
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const key = Buffer.from(request.key, 'hex');
  try {
    if (request.verify) {
      const options = { ...profile, typ: 'JWT', algorithms: ['HS256'], clockTolerance: 30 };
      const { payload } = await jose.jwtVerify(request.verify, key, options);
      answer({ claims: payload });
    } else {
      const header = { alg: 'HS256', typ: 'JWT', kid: request.kid };
      answer({ token: await new jose.SignJWT(request.sign).setProtectedHeader(header).sign(key) });
    }
  } catch (error) {
    answer({ error: String(error) });
  }
}
