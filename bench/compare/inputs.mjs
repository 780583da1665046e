// What the scenarios read from the data folder, and what is made of it once, below build/.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const data = process.env.TROUPE_DATA ?? join(root, '../shared/data');
const trace = join(data, 'traces/automerge-paper.json.gz');
const author = 2_345_678_901; // as long as the id of any client

/** The whole article as one update. */
export const b4_update = join(data, 'yjs-updates/b4-update.bin');

/** Every edit of the article as an update of its own, as yjs writes it. */
export const b4_stream = {
  file: join(root, 'build/bench-inputs/b4.stream'),
  /** Makes the file if it is not there; false if there is nothing to make it from. */
  make() {
    if (existsSync(this.file)) return true;
    if (!existsSync(trace)) return false;
    const require = createRequire(join(here, 'hocuspocus/package.json'));
    const Y = require('yjs');
    const encoding = require('lib0/encoding');
    const doc = new Y.Doc();
    doc.clientID = author;
    const text = doc.getText('text');
    const out = encoding.createEncoder();
    doc.on('update', (update) => encoding.writeVarUint8Array(out, update));
    for (const { patches } of JSON.parse(gunzipSync(readFileSync(trace)).toString()).txns) {
      for (const [position, deleted, inserted] of patches) {
        if (deleted > 0) text.delete(position, deleted);
        if (inserted !== '') text.insert(position, inserted);
      }
    }
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(`${this.file}.part`, encoding.toUint8Array(out));
    renameSync(`${this.file}.part`, this.file);
    return true;
  },
};
