// Names and colours for those who have not said who they are.

const animals = ['Badger', 'Crane', 'Dolphin', 'Falcon', 'Gecko', 'Heron', 'Ibex', 'Jackdaw', 'Kite', 'Lynx', 'Marten', 'Newt', 'Otter', 'Puffin', 'Raven', 'Seal'];
/** White is legible on each of them. */
const colors = ['#b3261e', '#9a4a00', '#6d5a00', '#2e6b1f', '#00696b', '#0a5ea8', '#4a4fc4', '#7b3fb0', '#a12a7c'];

export const guest_name = (id) => `${animals[id % animals.length]} ${(id >>> 4) % 100}`;
export const color_of = (id) => colors[(id >>> 8) % colors.length];

/** A colour that somebody else has sent, or grey if it is none. */
export const safe_color = (color) => (/^#[0-9a-f]{6}$/i.test(color) ? color : '#666666');
