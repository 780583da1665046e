// Builds one page, the one that TROUPE_PAGE names, into dist/<page>.html and dist/<page>/. Paths are
// relative, so that a proxy may show the pages below any path.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const page = process.env.TROUPE_PAGE;

/** Writes the licences of the packages that are in the page. */
function notices() {
  return {
    name: 'notices',
    generateBundle(_, bundle) {
      const folders = new Set();
      for (const chunk of Object.values(bundle))
        for (const module of Object.keys(chunk.modules ?? {})) {
          const found = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(module.replace('\0', ''));
          if (found) folders.add(found[1]);
        }
      this.emitFile({ type: 'asset', fileName: `${page}.packages`, source: [...folders].sort().join('\n') });
    },
  };
}

export default defineConfig({
  root: here,
  base: './',
  logLevel: 'warn',
  plugins: [notices()],
  build: {
    outDir: path.join(here, process.env.TROUPE_DIST ?? 'dist'),
    emptyOutDir: false,
    assetsDir: page,
    assetsInlineLimit: 0, // the pages may load no data: URLs
    target: 'es2020',
    modulePreload: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
    rollupOptions: { input: path.join(here, `${page}.html`) },
  },
});
