// One frame: its unpacked arrays, and questions about its pairs.

const DEGREES = [
  { name: "H₀", one: "bond", many: "bonds", alive: ["separate piece", "separate pieces"] },
  { name: "H₁", one: "ring", many: "rings", alive: ["open ring", "open rings"] },
  { name: "H₂", one: "cavity", many: "cavities", alive: ["closed cavity", "closed cavities"] },
];

const counted = (number, one, many) =>
  `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

class Frame {
  constructor(about, arrays) {
    Object.assign(this, about, arrays);
    this.nAtoms = this.numbers.length;
    this.rankings = new Map();
    this.memberships = new Map();
  }

  pairCount(degree) { return this[`h${degree}_birth`].length; }

  birth(degree, pair) { return this[`h${degree}_birth`][pair]; }

  death(degree, pair) { return this[`h${degree}_death`][pair]; }

  symbol(atom) { return this.elements[this.numbers[atom]]; }

  // Where an image of an atom is.
  place(atom, offset = [0, 0, 0]) {
    const point = [0, 1, 2].map((k) => this.positions[3 * atom + k]);
    return offset.reduce((sum, cells, k) => (cells ? add(sum, scale(this.cell[k], cells)) : sum),
      point);
  }

  // Atoms of a pair's bond, ring or cavity: [{ atom, offset, point }], in one piece.
  members(degree, pair) {
    const start = this[`h${degree}_start`], atoms = this[`h${degree}_atoms`];
    const offsets = this[`h${degree}_offsets`];
    const found = [];
    for (let k = start[pair]; k < start[pair + 1]; k += 1) {
      const offset = Array.from(offsets.subarray(3 * k, 3 * k + 3));
      found.push({ atom: atoms[k], offset, point: this.place(atoms[k], offset) });
    }
    return found;
  }

  // The lines to draw for a pair, each between two points.
  segments(degree, pair, members) {
    if (degree === 2) {
      const edges = new Map();
      for (const corners of this.triangles(pair)) {
        corners.forEach((a, k) => {
          const b = corners[(k + 1) % 3];
          edges.set(`${Math.min(a, b)} ${Math.max(a, b)}`, [members[a].point, members[b].point]);
        });
      }
      return [...edges.values()];
    }
    const lines = members.slice(1).map((member, k) => [members[k].point, member.point]);
    if (degree === 1) {
      const closing = Array.from(this.h1_closing.subarray(3 * pair, 3 * pair + 3));
      const first = members[0];
      const end = this.place(first.atom, first.offset.map((cells, k) => cells + closing[k]));
      lines.push([members[members.length - 1].point, end]);
    }
    return lines;
  }

  // Triangles around a cavity, as places in its list of members.
  triangles(pair) {
    const found = [];
    for (let k = this.h2_triangle_start[pair]; k < this.h2_triangle_start[pair + 1]; k += 1) {
      found.push(Array.from(this.h2_triangles.subarray(3 * k, 3 * k + 3)));
    }
    return found;
  }

  // Pairs of a degree from the most persistent to the least.
  ranking(degree) {
    if (!this.rankings.has(degree)) {
      const birth = this[`h${degree}_birth`], death = this[`h${degree}_death`];
      const order = Array.from(birth.keys());
      order.sort((a, b) => (death[b] - birth[b]) - (death[a] - birth[a]) || a - b);
      this.rankings.set(degree, order);
    }
    return this.rankings.get(degree);
  }

  // Pairs of a degree that an atom takes part in.
  pairsOf(degree, atom) {
    if (!this.memberships.has(degree)) {
      const start = this[`h${degree}_start`], atoms = this[`h${degree}_atoms`];
      const pairs = Array.from({ length: this.nAtoms }, () => new Set());
      for (let pair = 0; pair + 1 < start.length; pair += 1) {
        for (let k = start[pair]; k < start[pair + 1]; k += 1) pairs[atoms[k]].add(pair);
      }
      this.memberships.set(degree, pairs);
    }
    return [...this.memberships.get(degree)[atom]];
  }

  // Finite pairs and essential classes alive at a squared radius.
  aliveAt(degree, value) {
    const birth = this[`h${degree}_birth`], death = this[`h${degree}_death`];
    let alive = 0;
    for (let k = 0; k < birth.length; k += 1) {
      if (birth[k] <= value && death[k] > value) alive += 1;
    }
    return alive + this[`h${degree}_essential`].filter((born) => born <= value).length;
  }

  // How many edges or triangles the alpha complex has at a squared radius (they come by value).
  simplexCount(name, value) {
    const values = this[`${name}_value`];
    let low = 0, high = values.length;
    while (low < high) {
      const half = (low + high) >> 1;
      if (values[half] <= value) low = half + 1; else high = half;
    }
    return low;
  }

  // Corners of an edge or triangle.
  corners(name, k) {
    const size = name === "edge" ? 2 : 3;
    const atoms = this[`${name}_atoms`], offsets = this[`${name}_offsets`];
    return Array.from({ length: size }, (_, corner) => {
      const from = 3 * (k * (size - 1) + corner - 1);
      const offset = corner ? Array.from(offsets.subarray(from, from + 3)) : undefined;
      return this.place(atoms[size * k + corner], offset);
    });
  }

  // Sticks between bonded atoms; a bond across the cell's boundary is drawn as two halves.
  sticks() {
    const lines = [];
    for (let k = 0; k < this.bond_offset.length / 3; k += 1) {
      const [a, b] = this.bond_atoms.subarray(2 * k, 2 * k + 2);
      const offset = Array.from(this.bond_offset.subarray(3 * k, 3 * k + 3));
      const here = this.place(a), there = this.place(b);
      if (offset.every((cells) => cells === 0)) {
        lines.push([here, there]);
      } else {
        const half = scale(subtract(this.place(b, offset), here), 0.5);
        lines.push([here, add(here, half)], [there, subtract(there, half)]);
      }
    }
    return lines;
  }

  // Edges of the cell along its periodic directions; of a sheet, at the height of its atoms.
  cellEdges() {
    const axes = [0, 1, 2].filter((k) => this.pbc[k]);
    let origin = [0, 0, 0];
    if (axes.length && axes.length < 3) {
      const centre = middle(Array.from({ length: this.nAtoms }, (_, atom) => this.place(atom)));
      const normals = axes.length === 2
        ? [unit(cross(this.cell[axes[0]], this.cell[axes[1]]))]
        : perpendicular(unit(this.cell[axes[0]]));
      for (const normal of normals) origin = add(origin, scale(normal, dot(centre, normal)));
    }
    const lines = [];
    for (const along of axes) {
      const others = axes.filter((k) => k !== along);
      for (let corner = 0; corner < 2 ** others.length; corner += 1) {
        const start = others.reduce(
          (sum, k, bit) => ((corner >> bit) & 1 ? add(sum, this.cell[k]) : sum), origin);
        lines.push([start, add(start, this.cell[along])]);
      }
    }
    return lines;
  }
}

function perpendicular(direction) {
  const first = unit(cross(direction, Math.abs(direction[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0]));
  return [first, cross(direction, first)];
}
