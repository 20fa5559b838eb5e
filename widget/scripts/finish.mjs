/**
 * After `vite build`: writes the manifest the server renders shells from, copies the amoCRM package
 * and the script of call tracking, and refuses a first load that grew too big.
 */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** What a tab may load before the first call, gzip: 45 kB (product requirement). */
const LIMIT_BYTES = 45_000;
/** Pages no call comes to, opened now and then by whoever sets things up; and a voice with its SIP,
 * which comes with the first frame that may not hear. */
const OTHER_LIMITS = { settings: 60_000, board: 60_000, inpage: 75_000 };

const room = new URL('../', import.meta.url);
const out = new URL('../static/', room);
/** One of each build: their chunks are named alike and are not the same. */
const manifests = ['vite-manifest.json', 'vite-settings-manifest.json', 'vite-board-manifest.json', 'vite-inpage-manifest.json'];
const builds = await Promise.all(
  manifests.map(async (name) => JSON.parse(await readFile(new URL(name, out), 'utf8'))),
);
const entries = builds
  .flatMap((built) => Object.entries(built).map(([source, chunk]) => ({ built, source, chunk })))
  .filter(({ chunk }) => chunk.isEntry)
  .sort((a, b) => (a.source < b.source ? -1 : 1));

const pages = {};
for (const { built, source, chunk } of entries) {
  const { imports, css } = closure(built, source);
  const files = [chunk.file, ...imports, ...css];
  const sizes = await Promise.all(
    files.map(async (file) => gzipSync(await readFile(new URL(file, out))).length),
  );
  const gzipBytes = sizes.reduce((sum, size) => sum + size, 0);
  const limit = OTHER_LIMITS[chunk.name] ?? LIMIT_BYTES;
  if (gzipBytes > limit) {
    throw new Error(`${chunk.name} loads ${gzipBytes} bytes before a call; limit ${limit}`);
  }
  pages[chunk.name] = { js: chunk.file, preload: imports, css, gzip_bytes: gzipBytes };
}

await writeFile(new URL('manifest.json', out), JSON.stringify(pages, null, 2) + '\n');
await Promise.all(manifests.map((name) => rm(new URL(name, out))));
await cp(fileURLToPath(new URL('amocrm/', room)), fileURLToPath(new URL('amocrm/', out)), {
  recursive: true,
  filter: (path) => !path.endsWith('.py'),
});
// What other people's sites load: as it is written, so that whoever runs a site can read it.
await cp(fileURLToPath(new URL('site/visits.js', room)), fileURLToPath(new URL('visits.js', out)));
for (const [name, page] of Object.entries(pages)) {
  process.stdout.write(`${name}: ${(page.gzip_bytes / 1000).toFixed(1)} kB gzip\n`);
}

/** Chunks and styles an entry needs, its imports' included. */
function closure(built, source, seen = new Set()) {
  const chunk = built[source];
  const imports = [];
  const css = new Set(chunk.css ?? []);
  for (const next of chunk.imports ?? []) {
    if (seen.has(next)) continue;
    seen.add(next);
    const inner = closure(built, next, seen);
    imports.push(built[next].file, ...inner.imports);
    inner.css.forEach((file) => css.add(file));
  }
  return { imports, css: [...css] };
}
