// Documents as applications make them, where inputs.mjs has articles: a board, a list of tasks, blocks
// of a page, a spreadsheet, an outline. Several authors write each, in turns, and every one of them
// works on what all have written before. Made by yjs with a pinned seed, so always the same bytes.
import * as Y from 'yjs';

const ids = [2_345_678_901, 1_234_567_890, 3_456_789_012, 987_654_321]; // as long as those of any client

/** Numbers that look random and are always the same. */
function numbers(seed) {
  let state = seed;
  const below = (limit) => (state = (state * 48271) % 2147483647) % limit;
  const pick = (values) => values[below(values.length)];
  const word = () => Array.from({ length: 2 + below(8) }, () => 'etaoinshrdlucmfw'[below(16)]).join('');
  return {
    below,
    pick,
    words: (from, to) => Array.from({ length: from + below(to - from + 1) }, word).join(' '),
    id: () => Array.from({ length: 12 }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[below(36)]).join(''),
    coordinate: () => below(400_000) / 100,
  };
}

/** Authors of one document. `act(i, change)` lets one of them change it in one transaction; the others learn of it at once. */
class authors {
  constructor(count) {
    this.docs = ids.slice(0, count).map((id) => {
      const doc = new Y.Doc();
      doc.clientID = id;
      return doc;
    });
    this.updates = [];
    for (const doc of this.docs)
      doc.on('update', (update, origin) => {
        if (origin === 'remote') return;
        this.updates.push(update);
        for (const other of this.docs) if (other !== doc) Y.applyUpdate(other, update, 'remote');
      });
  }

  act(author, change) {
    this.docs[author].transact(() => change(this.docs[author]));
  }

  state() {
    return Y.encodeStateAsUpdate(this.docs[0]);
  }
}

function new_shape(random) {
  const fields = {
    type: random.pick(['rectangle', 'ellipse', 'arrow', 'note', 'line']),
    x: random.coordinate(),
    y: random.coordinate(),
    width: 20 + random.below(400),
    height: 20 + random.below(300),
    angle: random.below(4) === 0 ? random.below(628) / 100 : 0,
    stroke: random.pick(['#1e1e1e', '#e03131', '#2f9e44', '#1971c2']),
    fill: random.pick(['transparent', '#ffc9c9', '#b2f2bb', '#a5d8ff']),
    opacity: 100,
    locked: false,
    label: random.words(0, 3),
    index: random.id().slice(0, 4),
  };
  return new Y.Map(Object.entries(fields));
}

/** Somebody takes a shape and drags it: `moves` transactions of two keys each. */
function drag(people, author, shape_id, moves, random) {
  let [x, y] = [random.coordinate(), random.coordinate()];
  for (let i = 0; i < moves; i++) {
    x += (random.below(800) - 400) / 100;
    y += (random.below(800) - 400) / 100;
    people.act(author, (doc) => {
      const shape = doc.getMap('root').get(shape_id);
      shape.set('x', Math.round(x * 100) / 100);
      shape.set('y', Math.round(y * 100) / 100);
    });
  }
}

function draw_board(random, shapes) {
  const people = new authors(2);
  const shape_ids = Array.from({ length: shapes }, () => random.id());
  shape_ids.forEach((id, i) => people.act((i >> 4) % 2, (doc) => doc.getMap('root').set(id, new_shape(random))));
  return { people, shape_ids };
}

/** 3,000 shapes of 12 keys, dragged about by two people. */
export function board() {
  const random = numbers(11);
  const { people, shape_ids } = draw_board(random, 3000);
  for (let i = 0; i < 470; i++) drag(people, i % 2, random.pick(shape_ids), 30, random);
  return people.state();
}

/** The board, and 20,000 more moves of the two, one update each, in drags of 60. */
export function board_drags() {
  const random = numbers(12);
  const { people, shape_ids } = draw_board(random, 3000);
  const base = people.state();
  people.updates.length = 0;
  for (let i = 0; people.updates.length < 20_000; i++) drag(people, i % 2, random.pick(shape_ids), 60, random);
  return { base, updates: people.updates };
}

/** An array of 6,500 maps of four keys, by three people; some are ticked off later. */
export function tasks() {
  const random = numbers(21);
  const people = new authors(3);
  for (let i = 0; i < 6500; i++) {
    people.act((i >> 3) % 3, (doc) => {
      const list = doc.getArray('root');
      const task = new Y.Map([
        ['title', random.words(2, 5)],
        ['done', false],
        ['due', 1_760_000_000_000 + random.below(10_000) * 86_400_000],
        ['owner', random.pick(['ada', 'grace', 'barbara', null])],
      ]);
      list.insert(random.below(4) === 0 ? random.below(list.length + 1) : list.length, [task]);
    });
  }
  for (let i = 0; i < 350; i++) people.act(i % 3, (doc) => doc.getArray('root').get(random.below(6500)).set('done', true));
  return people.state();
}

function new_block(random) {
  const block = new Y.XmlElement(random.pick(['paragraph', 'paragraph', 'heading', 'listItem']));
  block.setAttribute('id', random.id());
  block.setAttribute('level', String(random.below(4)));
  block.setAttribute('textAlign', random.pick(['left', 'left', 'center']));
  block.setAttribute('textColor', 'default');
  block.setAttribute('backgroundColor', 'default');
  block.insert(0, [new Y.XmlText(random.words(2, 9))]);
  return block;
}

/** 5,000 blocks of a page: an XML element with five attributes and a short text. */
export function blocks() {
  const random = numbers(31);
  const people = new authors(3);
  for (let i = 0; i < 5000; i++) {
    people.act((i >> 4) % 3, (doc) => {
      const page = doc.getXmlFragment('root');
      page.insert(random.below(5) === 0 ? random.below(page.length + 1) : page.length, [new_block(random)]);
    });
  }
  return people.state();
}

/** A map of 20,000 cells, each an object, filled in by rows and calculated anew here and there. */
export function spreadsheet() {
  const random = numbers(41);
  const people = new authors(4);
  const cell = (row, column) =>
    column % 5 === 0 ? { v: random.words(1, 2) } : column % 5 === 4 ? { v: random.coordinate(), f: `=B${row}*C${row}` } : { v: random.below(10_000) };
  const set = (sheet, row, column) => sheet.set(`${row}:${column}`, cell(row, column));
  for (let row = 0; row < 1000; row++)
    people.act((row >> 4) % 4, (doc) => {
      for (let column = 0; column < 20; column++) set(doc.getMap('root'), row, column);
    });
  for (let i = 0; i < 8000; i++) people.act(i % 4, (doc) => set(doc.getMap('root'), random.below(1000), random.below(20)));
  return people.state();
}

const new_node = (text, children) =>
  new Y.Map([
    ['text', text],
    ['folded', false],
    ['children', Y.Array.from(children)],
  ]);

const copy_of = (node) => new_node(node.get('text'), node.get('children').map(copy_of));

/** A deep outline: maps with a text and an array of maps. Nodes are moved, with what is below them, by a copy elsewhere and a deletion. */
export function outline() {
  const random = numbers(51);
  const people = new authors(3);
  const descend = (doc, steps) => {
    let children = doc.getArray('root');
    for (let i = 0; i < steps && children.length > 0; i++) children = children.get(random.below(children.length)).get('children');
    return children;
  };
  for (let i = 0; i < 6000; i++)
    people.act((i >> 3) % 3, (doc) => {
      const children = descend(doc, random.below(30));
      children.insert(random.below(children.length + 1), [new_node(random.words(2, 6), [])]);
    });
  for (let i = 0; i < 2500; i++)
    people.act(i % 3, (doc) => {
      const from = descend(doc, 4 + random.below(20));
      if (from.length === 0) return;
      const at = random.below(from.length);
      const copy = copy_of(from.get(at));
      from.delete(at);
      const to = descend(doc, random.below(20));
      to.insert(random.below(to.length + 1), [copy]);
    });
  return people.state();
}
