// What is said about the pairs or the atom that are selected.

const LONGEST_TABLE = 100;

const square = (value) => `${value.toFixed(4)} Å²`;
const radius = (value) => `${Math.sqrt(Math.max(value, 0)).toFixed(4)} Å`;

// An element with its attributes and children; text is never read as HTML.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

class SelectionPanel {
  // callbacks: onAtom(atom), onPair(pair), onRadius(value)
  constructor(element, callbacks) {
    this.element = element;
    this.callbacks = callbacks;
  }

  // view: { frame, degree, selected, atom, throughAtom }; returns the same in a sentence.
  draw(view) {
    this.view = view;
    const { selected, atom } = view;
    const [said, ...parts] = selected.length === 1 ? this.onePair(selected[0])
      : selected.length > 1 ? this.manyPairs(selected)
      : atom !== null ? this.oneAtom(atom) : this.nothing();
    this.element.replaceChildren(...parts);
    return said;
  }

  title(pair) {
    const { frame, degree } = this.view;
    const name = DEGREES[degree].one;
    const rank = frame.ranking(degree).indexOf(pair) + 1;
    return `${name[0].toUpperCase()}${name.slice(1)} ${rank}`;
  }

  nothing() {
    const { one } = DEGREES[this.view.degree];
    return ["Nothing selected", make("p", { class: "hint" },
      `Click a point of the diagram to see its ${one} in the structure, or draw a box around ` +
      "several. Click an atom to see the pairs that it takes part in. On the keyboard: arrow keys " +
      "step through the pairs, Escape clears.")];
  }

  onePair(pair) {
    const { frame, degree } = this.view;
    const birth = frame.birth(degree, pair), death = frame.death(degree, pair);
    const members = frame.members(degree, pair);
    const fact = (name, value, more) => make("div", {},
      make("dt", {}, name), make("dd", {}, value, make("small", {}, more)));
    const title = this.title(pair);
    const said = `${title} of ${frame.pairCount(degree)}: birth ${square(birth)}, death ` +
      `${square(death)}, ${members.length} atoms: ` +
      members.map((member) => this.atomName(member)).join(", ");
    const grow = (name, value) => make("button", {
      type: "button", onclick: () => this.callbacks.onRadius(value),
    }, `Grow to ${name}`);
    return [said, make("div", { class: "halves" },
      make("div", {},
        make("h3", {}, title, make("small", {},
          ` of ${frame.pairCount(degree).toLocaleString("en")}, by persistence`)),
        make("dl", { class: "facts" },
          fact("Birth", square(birth), `radius ${radius(birth)}`),
          fact("Death", square(death), `radius ${radius(death)}`),
          fact("Persistence", square(death - birth), "death − birth"),
          fact("Size", `${members.length} atoms`, this.composition(members))),
        make("div", { class: "actions" }, grow("birth", birth), grow("death", death))),
      this.atomList(members))];
  }

  manyPairs(pairs) {
    const { frame, degree } = this.view;
    const { many, one } = DEGREES[degree];
    const start = frame[`h${degree}_start`];
    const chosen = new Set(pairs);
    const ranked = frame.ranking(degree).filter((pair) => chosen.has(pair));
    const sizes = new Map(), atoms = new Set();
    for (const pair of pairs) {
      const size = start[pair + 1] - start[pair];
      sizes.set(size, (sizes.get(size) ?? 0) + 1);
      for (let k = start[pair]; k < start[pair + 1]; k += 1) atoms.add(frame[`h${degree}_atoms`][k]);
    }
    const listed = [...sizes].sort((a, b) => a[0] - b[0])
      .map(([size, number]) => `${number} of ${size} atoms`);
    const number = counted(pairs.length, one, many);
    const rows = ranked.slice(0, LONGEST_TABLE).map((pair) => make("tr", {},
      make("td", {}, make("button", { type: "button", class: "link",
        onclick: () => this.callbacks.onPair(pair) }, this.title(pair))),
      make("td", { class: "n" }, frame.birth(degree, pair).toFixed(3)),
      make("td", { class: "n" }, frame.death(degree, pair).toFixed(3)),
      make("td", { class: "n" }, String(start[pair + 1] - start[pair]))));
    const rest = ranked.length - rows.length;
    return [`${number} selected, with ${atoms.size} atoms`, make("div", { class: "halves" },
      make("div", {},
        make("h3", {}, `${number} `,
          make("small", {}, `with ${atoms.size} of the ${frame.nAtoms} atoms`)),
        make("p", {}, `${listed.slice(0, 14).join(", ")}${listed.length > 14 ? ", …" : "."}`)),
      make("div", {}, this.table(["", "Birth, Å²", "Death, Å²", "Atoms"], rows),
        make("p", { class: "hint" }, rest > 0 ? `and ${rest} less persistent ones` : "")))];
  }

  oneAtom(atom) {
    const { frame, degree, throughAtom } = this.view;
    const name = `${frame.symbol(atom)}${atom}`;
    const counts = DEGREES.map(({ one, many }, k) =>
      counted(frame.pairsOf(k, atom).length, one, many)).join(", ");
    const { one, many } = DEGREES[degree];
    const place = frame.place(atom).map((x) => x.toFixed(3)).join(", ");
    const chosen = new Set(throughAtom);
    const ranked = frame.ranking(degree).filter((pair) => chosen.has(pair));
    const links = ranked.slice(0, LONGEST_TABLE).map((pair) => make("button", {
      type: "button", class: "chip", onclick: () => this.callbacks.onPair(pair),
    }, this.title(pair)));
    return [`Atom ${name} takes part in ${counts}`,
      make("h3", {}, `Atom ${name}`, make("small", {}, ` at ${place} Å`)),
      make("p", {}, `Takes part in ${counts}. `, throughAtom.length
        ? `Its ${counted(throughAtom.length, one, many)} ${throughAtom.length === 1 ? "is" : "are"} ` +
          "marked in the diagram (diamonds):" : `No ${one} goes through it.`),
      make("div", { class: "chips" }, ...links)];
  }

  table(header, rows) {
    return make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Selected pairs" },
      make("table", {}, make("thead", {}, make("tr", {}, ...header.map((text, k) =>
        make("th", { scope: "col", class: k ? "n" : "" }, text)))), make("tbody", {}, ...rows)));
  }

  // What is unusual about the one pair that is selected.
  remark() {
    const { frame, degree, selected: [pair] } = this.view;
    if (degree === 1) {
      const winds = frame.h1_closing.subarray(3 * pair, 3 * pair + 3).some((cells) => cells !== 0);
      return (winds ? " The ring goes around the periodic cell." : "") + (frame.h1_filled[pair] ? ""
        : " At its death it is not filled: it becomes equivalent to older rings.");
    }
    return degree === 2 && frame.h2_winds[pair] ? " The cavity goes around the periodic cell." : "";
  }

  atomName(member) {
    const moved = member.offset.some((cells) => cells !== 0) ? ` [${member.offset.join(" ")}]` : "";
    return `${this.view.frame.symbol(member.atom)}${member.atom}${moved}`;
  }

  composition(members) {
    const numbers = new Map();
    for (const { atom } of members) {
      const symbol = this.view.frame.symbol(atom);
      numbers.set(symbol, (numbers.get(symbol) ?? 0) + 1);
    }
    return [...numbers].map(([symbol, number]) => `${number} ${symbol}`).join(", ");
  }

  atomList(members) {
    const across = members.some((member) => member.offset.some((cells) => cells !== 0));
    const chips = members.map((member) => make("button", {
      type: "button", class: "chip", onclick: () => this.callbacks.onAtom(member.atom),
    }, this.atomName(member)));
    return make("div", {}, make("div", { class: "chips" }, ...chips), make("p", { class: "hint" },
      `Atoms are counted from 0.${across ? " In brackets: the cell vectors to add." : ""}`,
      this.remark()));
  }
}
