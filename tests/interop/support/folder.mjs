// Folders of tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const folders = new Set();

/** An empty folder. It is removed when the test file ends: what runs behind a test stops in an order of its own, and a server may write until it has stopped. */
export function temporary_folder() {
  if (folders.size === 0)
    process.once('exit', () => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });
  const made = mkdtempSync(path.join(tmpdir(), 'troupe-test-'));
  folders.add(made);
  return made;
}
