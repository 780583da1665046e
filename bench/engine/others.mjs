// yjs and ywasm behind one face, so that the same code times both: a document is made, updated,
// encoded, read out, freed.
import { createRequire } from 'node:module';

async function load_yjs() {
  const Y = await import('yjs');
  return {
    create: () => new Y.Doc(),
    free: (doc) => doc.destroy(),
    apply: (doc, update, format) => (format === 2 ? Y.applyUpdateV2 : Y.applyUpdate)(doc, update),
    encode: (doc, vector, format) => (format === 2 ? Y.encodeStateAsUpdateV2 : Y.encodeStateAsUpdate)(doc, vector),
    state_vector: (doc) => Y.encodeStateVector(doc),
    text: (doc, root) => whole(doc.getText(root).toString()),
    json: (doc, root) => JSON.stringify(root_of(doc, root).toJSON()),
    merge: (updates, format) => (format === 2 ? Y.mergeUpdatesV2 : Y.mergeUpdates)(updates),
    items: (doc) => [...doc.store.clients.values()].reduce((sum, structs) => sum + structs.length, 0),
    // What the collector cannot free while the document is there.
    memory(make) {
      const used = () => {
        globalThis.gc();
        globalThis.gc();
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      };
      const first = make(); // compiles everything
      const before = used();
      const doc = make();
      const after = used();
      first.destroy();
      doc.destroy();
      return after - before;
    },
  };
}

/** The root as what its contents are. */
function root_of(doc, name) {
  const root = doc.share.get(name);
  if (root._map.size > 0) return doc.getMap(name);
  return root._start.content.type?.nodeName === undefined ? doc.getArray(name) : doc.getXmlFragment(name);
}

function load_ywasm() {
  const Y = createRequire(import.meta.url)('ywasm');
  return {
    create: () => new Y.YDoc({}),
    free: (doc) => doc.free(),
    apply: (doc, update, format) => (format === 2 ? Y.applyUpdateV2 : Y.applyUpdate)(doc, update, undefined),
    encode: (doc, vector, format) => (format === 2 ? Y.encodeStateAsUpdateV2 : Y.encodeStateAsUpdate)(doc, vector),
    state_vector: (doc) => Y.encodeStateVector(doc),
    text: (doc, root) => whole(doc.getText(root).toString()),
    // A root has no kind: it is whatever gives something.
    json(doc, root) {
      const map = JSON.stringify(doc.getMap(root).toJson());
      if (map !== '{}') return map;
      const xml = doc.getXmlFragment(root);
      return xml.firstChild(undefined)?.toString(undefined).startsWith('<') ? JSON.stringify(xml.toString(undefined)) : JSON.stringify(doc.getArray(root).toJson());
    },
    items: () => undefined,
    // How far the linear memory grows with three more documents: exact to some 64 KiB pages.
    memory(make) {
      const docs = [make()];
      const before = Y.__wasm.memory.buffer.byteLength;
      for (let i = 0; i < 3; i++) docs.push(make());
      return (Y.__wasm.memory.buffer.byteLength - before) / 3;
    },
  };
}

/** The text as one piece of memory: V8 puts strings together lazily and would not have made it yet. */
function whole(text) {
  text.charCodeAt(text.length >> 1);
  return text;
}

export const load_engine = (name) => (name === 'yjs' ? load_yjs() : load_ywasm());
