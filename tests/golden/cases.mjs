// The documents that are frozen: one entry per case. `make(author)` returns the updates (v1) in the
// order in which they came about; `roots` names the root types and what to read from them. Everything
// is deterministic: client ids are set by hand and nothing is drawn at random.

/**
 * All cases. Y is the pinned yjs; author(client) makes an empty document of that client, which collects
 * the updates of its own edits in `updates`. A case may bring its own v2 bytes (`state_v2`), and may
 * promise that its updates lead to the same state in any order (`any_order`).
 */
export function cases(Y) {
  /** Items that no public call of yjs makes any more go in by hand, at the end of `parent`. */
  const push_content = (doc, parent, content) =>
    doc.transact((transaction) => {
      let left = parent._start;
      while (left?.right) left = left.right;
      const id = Y.createID(doc.clientID, Y.getState(doc.store, doc.clientID));
      new Y.Item(id, left, left && left.lastId, null, null, parent, null, content).integrate(transaction, 0);
    });
  /** A document of `client` that starts with the updates of others. */
  const joined = (author, client, updates) => {
    const doc = author(client);
    for (const update of updates) Y.applyUpdate(doc, update, 'others');
    return doc;
  };

  /** The low half of an emoji before its high half: two items that do not merge. */
  const lone_halves = (author) => {
    const doc = author(1);
    doc.getText('text').insert(0, '\ud83d');
    doc.getText('text').insert(0, '\ude00');
    return doc;
  };

  return {
    empty: {
      about: 'an empty document',
      roots: {},
      make: (author) => [Y.encodeStateAsUpdate(author(1))],
    },
    text_insert: {
      about: 'text of one client: at the start, at the end, in the middle',
      roots: { text: 'text' },
      make: (author) => {
        const doc = author(1);
        const text = doc.getText('text');
        text.insert(0, 'world');
        text.insert(0, 'hello ');
        text.insert(11, '!');
        text.insert(5, ',');
        return doc.updates;
      },
    },
    text_delete: {
      about: 'deletions at the start, in the middle, across items and of everything that was inserted last',
      roots: { text: 'text' },
      make: (author) => {
        const doc = author(1);
        const text = doc.getText('text');
        text.insert(0, 'abcdefghij');
        text.delete(0, 2);
        text.delete(3, 1);
        text.insert(3, 'XYZ');
        text.delete(2, 3);
        text.insert(4, 'gone');
        text.delete(4, 4);
        return doc.updates;
      },
    },
    text_unicode: {
      about: 'two, three and four byte characters, NUL, a byte order mark, a joined emoji',
      roots: { text: 'text' },
      make: (author) => {
        const doc = author(1);
        const text = doc.getText('text');
        text.insert(0, 'aé€😀\u0000\ufeff👩‍👩‍👧');
        text.insert(5, '𝄞');
        text.delete(1, 1);
        return doc.updates;
      },
    },
    text_split_surrogates: {
      about: 'inserts and deletions between the halves of surrogate pairs, and lone halves',
      roots: { text: 'text' },
      make: (author) => {
        const doc = author(1);
        const text = doc.getText('text');
        text.insert(0, 'a😀b😀c😀d');
        text.insert(2, 'X');
        text.delete(6, 1);
        text.delete(9, 1);
        text.insert(0, '\ud83d');
        text.insert(text.length, '\ude00');
        return doc.updates;
      },
    },
    text_joined_halves: {
      about: 'v2 only: two lone halves of different items stand side by side in the string column, as one character',
      roots: { text: 'text' },
      make: (author) => lone_halves(author).updates,
      state_v2: (author) => Y.encodeStateAsUpdateV2(lone_halves(author)),
    },
    text_format: {
      about: 'formats that nest, overlap, end and are removed, with object values, and embeds',
      roots: { text: 'text' },
      make: (author) => {
        const doc = author(1);
        const text = doc.getText('text');
        text.insert(0, 'plain bold both end');
        text.format(6, 9, { bold: true });
        text.format(11, 4, { italic: true, link: { href: 'a:b', rel: [null, 1.5] } });
        text.insertEmbed(5, { image: 'a.png', width: 1.5 }, { alt: 'ü' });
        text.insert(0, 'red ', { color: 'red' });
        text.format(0, 1, { color: null });
        text.delete(3, 4);
        return doc.updates;
      },
    },
    text_attributes: {
      about: 'one root with a sequence and with keys: attributes of the text itself',
      roots: { text: 'text' },
      make: (author) => {
        const doc = author(1);
        const text = doc.getText('text');
        text.insert(0, 'words');
        text.setAttribute('lang', 'de');
        text.setAttribute('list', [1, { a: null }]);
        text.setAttribute('lang', 'en');
        text.removeAttribute('list');
        return doc.updates;
      },
    },
    map_overwrite: {
      about: 'keys set, set again, deleted and set once more; the empty key; a unicode key',
      roots: { map: 'map' },
      make: (author) => {
        const doc = author(1);
        const map = doc.getMap('map');
        for (let i = 0; i < 4; i++) map.set('again', i);
        map.set('gone', 'x');
        map.delete('gone');
        map.set('back', 1);
        map.delete('back');
        map.set('back', 2);
        map.set('', 'empty key');
        map.set('ключ 😀', true);
        return doc.updates;
      },
    },
    any_values: {
      about: 'every tag of the any encoding, at the edges of each',
      roots: { map: 'map', array: 'array' },
      make: (author) => {
        const doc = author(1);
        const values = {
          undefined: undefined, null: null, zero: 0, negative_zero: -0, one_byte: 63, two_bytes: 64,
          negative: -64, integer_max: 2 ** 31 - 1, integer_min: -(2 ** 31 - 1), float32: 2 ** 31, float32_b: 1.5,
          float64: 0.1, float64_b: 2 ** 53 - 1, nan: NaN, infinity: Infinity, minus_infinity: -Infinity,
          bigint: 2n ** 63n - 1n, bigint_min: -(2n ** 63n), false: false, true: true, string: 'ü😀', empty: '',
          object: { b: 1, a: { 10: null, 9: undefined } }, array: [1, [2, [3, []]], {}],
          bytes: [new Uint8Array([0, 255])],
        };
        for (const [key, value] of Object.entries(values)) doc.getMap('map').set(key, value);
        doc.getArray('array').push([null, 1, 1.5, true, 'a', [undefined, 5n], { k: new Uint8Array(0) }]);
        doc.getArray('array').delete(2, 2);
        return doc.updates;
      },
    },
    binary: {
      about: 'binary values in an array and a map',
      roots: { map: 'map', array: 'array' },
      make: (author) => {
        const doc = author(1);
        doc.getArray('array').push([Uint8Array.from({ length: 256 }, (_, i) => i), new Uint8Array(0)]);
        doc.getMap('map').set('bytes', new Uint8Array([1, 2, 3]));
        return doc.updates;
      },
    },
    legacy_json: {
      about: 'JSON content (reference 2) of old versions, undefined included, split by an insert and a deletion',
      roots: { array: 'array' },
      make: (author) => {
        const doc = author(1);
        const array = doc.getArray('array');
        push_content(doc, array, new Y.ContentJSON([1, 'two', { three: [null] }, undefined, null]));
        push_content(doc, array, new Y.ContentJSON([-0.5]));
        array.insert(2, ['between']);
        array.delete(1, 1);
        return doc.updates;
      },
    },
    nested_types: {
      about: 'maps, arrays and texts in each other',
      roots: { map: 'map' },
      make: (author) => {
        const doc = author(1);
        const list = new Y.Array();
        doc.getMap('map').set('list', list);
        const inner = new Y.Map();
        list.push([1, inner, 'two']);
        inner.set('text', new Y.Text('deep'));
        inner.get('text').insert(4, '!', { bold: true });
        inner.set('list', Y.Array.from([[1], { a: 2 }]));
        list.delete(0, 1);
        return doc.updates;
      },
    },
    deleted_types: {
      about: 'nested types that were deleted or overwritten: their content is left as GC structs',
      roots: { map: 'map', array: 'array' },
      make: (author) => {
        const doc = author(1);
        const array = doc.getArray('array');
        const doomed = new Y.Map();
        array.push(['a', doomed, 'b']);
        doomed.set('text', new Y.Text('never seen again'));
        doomed.set('key', 1);
        doomed.set('key', 2);
        array.delete(1, 1);
        doc.getMap('map').set('replaced', Y.Array.from([1, 2, 3]));
        doc.getMap('map').set('replaced', 'by a string');
        return doc.updates;
      },
    },
    xml: {
      about: 'a fragment of elements with attributes, formatted texts, a hook; things deleted from it',
      roots: { xml: 'xml' },
      make: (author) => {
        const doc = author(1);
        const root = doc.getXmlFragment('xml');
        const paragraph = new Y.XmlElement('p');
        root.insert(0, [paragraph, new Y.XmlText('tail')]);
        paragraph.setAttribute('class', 'wide');
        paragraph.setAttribute('level', 3);
        paragraph.setAttribute('class', 'narrow');
        paragraph.setAttribute('gone', 'x');
        paragraph.removeAttribute('gone');
        const text = new Y.XmlText();
        paragraph.insert(0, [text, new Y.XmlElement('BR')]);
        text.insert(0, 'some words');
        text.format(5, 5, { strong: { id: 'w' } });
        const hook = new Y.XmlHook('widget');
        root.push([hook, new Y.XmlElement('doomed')]);
        hook.set('state', 1);
        root.delete(3, 1);
        return doc.updates;
      },
    },
    subdocuments: {
      about: 'subdocuments with and without options, one of them deleted',
      roots: { map: 'map', array: 'array' },
      make: (author) => {
        const doc = author(1);
        doc.getMap('map').set('plain', new Y.Doc({ guid: 'plain' }));
        doc.getMap('map').set('full', new Y.Doc({ guid: 'full', autoLoad: true, gc: false, meta: { t: 'x' } }));
        doc.getArray('array').push([new Y.Doc({ guid: 'doomed' }), new Y.Doc({ guid: 'listed' })]);
        doc.getArray('array').delete(0, 1);
        return doc.updates;
      },
    },
    many_roots: {
      about: 'several roots, one with the empty name, one with a long unicode name',
      roots: { text: 'text', '': 'array', 'Wurzel mit Namen 😀': 'map' },
      make: (author) => {
        const doc = author(1);
        doc.getText('text').insert(0, 't');
        doc.getArray('').push([1]);
        doc.getMap('Wurzel mit Namen 😀').set('k', 'v');
        return doc.updates;
      },
    },
    concurrent_same_place: {
      about: 'two clients that insert at the same place, three times over, without knowing of each other',
      roots: { text: 'text' },
      any_order: true,
      make: (author) => {
        const first = author(1);
        first.getText('text').insert(0, 'AB');
        const base = [...first.updates];
        const second = joined(author, 2, base);
        for (const letter of 'xyz') first.getText('text').insert(1, letter);
        for (const letter of 'uvw') second.getText('text').insert(1, letter);
        return [...base, ...first.updates.slice(1), ...second.updates];
      },
    },
    concurrent_edit_and_delete: {
      about: 'one client deletes a range in which the other one inserts, and both set and delete one key',
      roots: { text: 'text', map: 'map' },
      any_order: true,
      make: (author) => {
        const first = author(10);
        first.getText('text').insert(0, 'delete me');
        first.getMap('map').set('key', 'base');
        const base = [...first.updates];
        const second = joined(author, 20, base);
        first.getText('text').delete(0, 9);
        first.getMap('map').set('key', 'first');
        second.getText('text').insert(4, 'INSERTED');
        second.getMap('map').delete('key');
        second.getMap('map').set('key', 'second');
        return [...base, ...first.updates.slice(base.length), ...second.updates];
      },
    },
    insert_into_deleted_type: {
      about: 'one client deletes a nested type into which the other one still writes',
      roots: { map: 'map' },
      any_order: true,
      make: (author) => {
        const first = author(1);
        first.getMap('map').set('type', new Y.Map());
        const base = [...first.updates];
        const second = joined(author, 2, base);
        first.getMap('map').delete('type');
        second.getMap('map').get('type').set('a', new Y.Text('lost'));
        second.getMap('map').get('type').set('b', 1);
        second.getMap('map').set('other', 'kept');
        return [...base, ...first.updates.slice(1), ...second.updates];
      },
    },
    many_clients: {
      about: 'thirty clients, each after the other, with ids at the edges of 7, 32 and 53 bits among them',
      roots: { text: 'text' },
      any_order: true,
      make: (author) => {
        const edges = [127, 128, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
        const ids = [...Array.from({ length: 24 }, (_, i) => (i * 7) % 24 + 1), ...edges];
        const updates = [];
        for (const id of ids) {
          const doc = joined(author, id, updates);
          const text = doc.getText('text');
          text.insert(Math.floor(text.length / 2), `${id};`);
          if (id % 5 === 0) text.delete(0, 1);
          updates.push(...doc.updates);
        }
        return updates;
      },
    },
    long_runs: {
      about: 'many equal structs in a row: long runs in the columns of v2',
      roots: { array: 'array', map: 'map' },
      make: (author) => {
        const doc = author(1);
        for (let i = 0; i < 150; i++) doc.getArray('array').insert(0, [new Uint8Array([i])]);
        for (let i = 0; i < 150; i++) doc.getMap('map').set(`key-${i % 3}`, new Uint8Array([i]));
        doc.getArray('array').delete(10, 100);
        return doc.updates;
      },
    },
    pending_structs: {
      about: 'the predecessor of these structs is missing: nothing is visible, nothing may get lost',
      roots: { text: 'text' },
      make: (author) => {
        const doc = author(1);
        doc.getText('text').insert(0, 'missing ');
        doc.getText('text').insert(8, 'waiting');
        return doc.updates.slice(1);
      },
    },
    pending_other_client: {
      about: 'half of it waits for a client that never came: the other half is visible',
      roots: { text: 'text', map: 'map' },
      make: (author) => {
        const absent = author(9);
        absent.getText('text').insert(0, 'absent');
        const doc = joined(author, 5, absent.updates);
        doc.getMap('map').set('visible', true);
        doc.getText('text').insert(3, 'waits');
        doc.getMap('map').set('behind', 'waits too');
        return [...doc.updates];
      },
    },
    pending_deletions: {
      about: 'a deletion of something that never came',
      roots: { text: 'text' },
      make: (author) => {
        const absent = author(9);
        absent.getText('text').insert(0, 'absent');
        const doc = joined(author, 5, absent.updates);
        doc.getText('text').delete(1, 3);
        return doc.updates;
      },
    },
  };
}
