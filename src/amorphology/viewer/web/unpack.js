// Arrays that the page carries as text: gzip in base64, see packing.py.

const ARRAY_KINDS = {
  i1: Int8Array, i2: Int16Array, i4: Int32Array,
  u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array,
};

async function unpackArrays(text) {
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const content = await new Response(stream).arrayBuffer();
  const headerLength = new DataView(content).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 4, headerLength)));
  const arrays = {};
  let start = 4 + headerLength;
  for (const [name, kind, shape] of header) {
    const Kind = ARRAY_KINDS[kind];
    const bytes = Kind.BYTES_PER_ELEMENT * shape.reduce((product, length) => product * length, 1);
    // A copy, because a view would have to start at a multiple of its element size.
    arrays[name] = new Kind(content.slice(start, start + bytes));
    start += bytes;
  }
  return arrays;
}
