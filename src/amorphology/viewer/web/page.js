// The state of the page, and what its controls do to it.

const signed = (number) => number.toFixed(3).replace("-", "−");

const byId = (id) => document.getElementById(id);

class Page {
  constructor(data) {
    this.data = data;
    this.frames = new Map();
    this.frameNumber = 0;
    this.degree = 1;
    this.selected = [];
    this.atom = null;
    this.value = 0; // of the growing complex, squared radius
    this.limits = [0, 1, 2].map((degree) =>
      1.02 * Math.max(...data.frames.map((frame) => frame.largest[degree])) || 1);
    this.largestRadius = Math.sqrt(
      1.02 * Math.max(...data.frames.flatMap((frame) => frame.largest))) || 1;
    this.activationScale = Math.max(...data.frames.map((frame) => frame.activation?.largest ?? 0));
  }

  async start() {
    this.theme(matchMedia("(prefers-color-scheme: dark)").matches);
    this.diagram = new Diagram(byId("diagram"), this.data.colours, {
      onPairs: (pairs, event) => this.select(event?.shiftKey ? this.toggled(pairs) : pairs),
    });
    this.structure = new Structure(byId("structure"), this.data.colours, {
      onAtom: (atom) => this.selectAtom(atom),
      onHover: (atom) => this.hover(atom),
    });
    this.panel = new SelectionPanel(byId("selection"), {
      onAtom: (atom) => this.findAtom(atom),
      onPair: (pair) => this.select([pair]),
      onRadius: (value) => this.grow(value),
    });
    this.wireControls();
    this.wireKeys();
    if (!this.structure.works) {
      byId("structure").replaceChildren(make("p", { class: "hint" },
        "This browser shows no 3-D graphics (WebGL is off)."));
      this.structure = null;
    }
    const most = this.data.frames[0].largest;
    if (!most[1]) this.degree = 0;
    await this.showFrame(0);
    document.body.dataset.ready = "yes";
  }

  get frame() { return this.frames.get(this.frameNumber); }

  async loadFrame(number) {
    if (!this.frames.has(number)) {
      const { data, activation, ...about } = this.data.frames[number];
      const arrays = await unpackArrays(data);
      // Frames seen last stay unpacked; a long trajectory would not fit.
      if (this.frames.size > 8) this.frames.delete(this.frames.keys().next().value);
      this.frames.set(number, new Frame({ ...about, activation_about: activation }, arrays));
    }
  }

  async showFrame(number) {
    this.wanted = number;
    await this.loadFrame(number);
    if (this.wanted !== number) return; // the slider has moved on meanwhile
    const first = !this.shown;
    this.shown = true;
    this.frameNumber = number;
    this.selected = [];
    if (this.atom !== null && this.atom >= this.frame.nAtoms) this.atom = null;
    const { frame } = this;
    byId("about").replaceChildren(...[
      counted(frame.nAtoms, "atom", "atoms"),
      Object.keys(frame.elements).length > 1 || frame.nAtoms < 30 ? frame.formula : null,
      ["not periodic", "periodic in 1 direction", "periodic in 2 directions", "periodic"][
        frame.pbc.filter(Boolean).length],
      frame.density ? `${frame.density.toFixed(2)} g/cm³` : null,
      frame.energy !== null ? `energy ${signed(frame.energy)} eV/atom` : null,
      frame.predicted !== undefined ? `predicted ${signed(frame.predicted)} eV/atom` : null,
    ].filter(Boolean).map((text) => make("span", {}, text)));
    byId("frame").value = String(number);
    byId("frame").setAttribute("aria-valuetext", frame.name);
    const name = frame.name.split("/").pop().replace(`${this.data.title} `, "");
    byId("frame-name").textContent = `${number + 1} of ${this.data.frames.length}: ${name}`;
    this.structure?.setFrame(frame, !first);
    this.draw();
  }

  // Everything follows from the state.
  draw() {
    const { frame, degree } = this;
    const count = frame.pairCount(degree);
    const mapped = frame.activation_about?.degrees.includes(degree) ?? false;
    byId("activation").disabled = !mapped;
    byId("activation-choice").hidden = !frame.activation_about;
    const activation = mapped && byId("activation").checked;
    const density = !activation && (this.densityChosen ?? count > MANY_PAIRS);
    byId("density").checked = density;
    byId("density").disabled = activation;
    const throughAtom = this.atom === null ? [] : frame.pairsOf(degree, this.atom);
    document.querySelector(`input[name=degree][value="${degree}"]`).checked = true;
    this.diagram.draw({
      frame, degree, activation, density, throughAtom,
      radii: byId("axes").value === "radius",
      limit: this.limits[degree],
      selected: this.selected,
      value: this.value,
      activationScale: this.activationScale,
    });
    this.drawStructure();
    const said = this.panel.draw({
      frame, degree, selected: this.selected, atom: this.atom, throughAtom,
    });
    if (said !== this.said) byId("status").textContent = said;
    this.said = said;
    const { one, many } = DEGREES[degree];
    const essential = frame[`h${degree}_essential`].length;
    byId("pair-count").textContent = counted(count, one, many) +
      (essential ? `; ${counted(essential, "class never dies", "classes never die")} (△)` : "");
    const rank = this.selected.length === 1 ? frame.ranking(degree).indexOf(this.selected[0]) + 1 : "";
    byId("rank").value = String(rank);
    byId("rank").max = String(count);
    byId("rank-label").textContent = `${one} by persistence`;
    for (const id of ["rank", "previous", "next"]) byId(id).disabled = count === 0;
    byId("clear").disabled = !this.selected.length && this.atom === null;
    byId("diagram").setAttribute("aria-label", `Persistence diagram ${DEGREES[degree].name}: ` +
      `${counted(count, one, many)}. Arrow keys step through them.`);
    this.describeRadius();
  }

  describeRadius() {
    byId("radius").value = String(Math.sqrt(this.value));
    byId("radius-value").textContent = this.value > 0
      ? `${Math.sqrt(this.value).toFixed(3)} Å` : "off";
    byId("radius").setAttribute("aria-valuetext", this.value > 0
      ? `${Math.sqrt(this.value).toFixed(3)} Ångström` : "off");
    byId("balls").disabled = this.value === 0;
    byId("complex").textContent = this.value > 0 ? this.describeComplex()
      : "Let balls grow around the atoms: the alpha complex links those that meet.";
  }

  drawStructure() {
    const { frame, degree } = this;
    this.structure?.draw({
      value: this.value,
      balls: byId("balls").checked,
      atom: this.atom,
      selected: this.selected.map((pair) => {
        const members = frame.members(degree, pair);
        return {
          members,
          lines: frame.segments(degree, pair, members),
          triangles: degree === 2
            ? frame.triangles(pair).map((corners) => corners.map((k) => members[k].point)) : [],
        };
      }),
    });
  }

  describeComplex() {
    const { frame, value } = this;
    const alive = DEGREES.map(({ alive: [one, many] }, degree) =>
      counted(frame.aliveAt(degree, value), one, many));
    return `${counted(frame.simplexCount("edge", value), "edge", "edges")}, ` +
      `${counted(frame.simplexCount("triangle", value), "triangle", "triangles")}: ${alive.join(", ")}.`;
  }

  select(pairs) {
    this.selected = pairs;
    this.atom = null;
    this.draw();
    if (pairs.length === 1 && this.structure) {
      const points = this.frame.members(this.degree, pairs[0]).map((member) => member.point);
      this.structure.flyTo(points, this.degree === 1 ? ringNormal(points) : null);
    }
  }

  // The selection with pairs added, or taken away where they were in it.
  toggled(pairs) {
    const chosen = new Set(this.selected);
    for (const pair of pairs) if (!chosen.delete(pair)) chosen.add(pair);
    return [...chosen];
  }

  selectAtom(atom) {
    this.selected = [];
    this.atom = atom;
    this.draw();
  }

  noAtom(text) {
    this.said = `There is no atom ${text}; they go from 0 to ${this.frame.nAtoms - 1}.`;
    byId("status").textContent = this.said;
    byId("selection").replaceChildren(make("p", { class: "hint" }, this.said));
  }

  findAtom(atom) {
    this.selectAtom(atom);
    this.structure?.flyTo([this.frame.place(atom)], null);
  }

  clear() {
    this.selected = [];
    this.atom = null;
    this.draw();
    this.structure?.home();
  }

  // Selects the pair so many places further in the order of persistence.
  step(places) {
    const order = this.frame.ranking(this.degree);
    if (!order.length) return;
    const now = this.selected.length === 1 ? order.indexOf(this.selected[0]) : -1;
    const next = now < 0 ? (places > 0 ? 0 : order.length - 1)
      : Math.min(order.length - 1, Math.max(0, now + places));
    this.select([order[next]]);
  }

  grow(value) {
    this.value = Math.max(0, value);
    cancelAnimationFrame(this.pending);
    this.pending = requestAnimationFrame(() => {
      this.diagram.moveRadius(this.value);
      this.drawStructure();
      this.describeRadius();
    });
  }

  play() {
    const button = byId("play");
    if (this.playing) {
      cancelAnimationFrame(this.playing);
      this.playing = null;
    } else {
      let radiusNow = Math.sqrt(this.value) >= 0.98 * this.largestRadius ? 0 : Math.sqrt(this.value);
      let last = performance.now();
      const step = (now) => {
        radiusNow += ((now - last) / 9000) * this.largestRadius;
        last = now;
        this.grow(Math.min(radiusNow, this.largestRadius) ** 2);
        if (radiusNow < this.largestRadius) this.playing = requestAnimationFrame(step);
        else this.play();
      };
      this.playing = requestAnimationFrame(step);
    }
    button.textContent = this.playing ? "Stop" : "Grow";
  }

  hover(atom) {
    byId("hover").textContent = atom === null ? "" : `${this.frame.symbol(atom)}${atom}`;
  }

  theme(dark) {
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    byId("theme").textContent = dark ? "Light" : "Dark";
    byId("theme").setAttribute("aria-label", dark ? "Switch to light colours" : "Switch to dark colours");
  }

  wireControls() {
    for (const choice of document.querySelectorAll("input[name=degree]")) {
      choice.addEventListener("change", () => {
        const leave = this.selected.length === 1; // the camera is where that pair was
        this.degree = Number(choice.value);
        this.selected = [];
        this.densityChosen = undefined;
        this.draw();
        if (leave) this.structure?.home();
      });
    }
    byId("density").addEventListener("change", (event) => {
      this.densityChosen = event.target.checked;
      this.draw();
    });
    for (const id of ["activation", "axes", "balls"]) {
      byId(id).addEventListener("change", () => this.draw());
    }
    byId("radius").max = String(this.largestRadius);
    byId("radius").step = String(this.largestRadius / 400);
    byId("radius").addEventListener("input", (event) => this.grow(Number(event.target.value) ** 2));
    byId("play").addEventListener("click", () => this.play());
    byId("reset-view").addEventListener("click", () => this.structure?.home());
    byId("previous").addEventListener("click", () => this.step(-1));
    byId("next").addEventListener("click", () => this.step(1));
    byId("clear").addEventListener("click", () => this.clear());
    byId("rank").addEventListener("change", (event) => {
      const pair = this.frame.ranking(this.degree)[Number(event.target.value) - 1];
      if (pair !== undefined) this.select([pair]); else this.draw();
    });
    byId("atom").addEventListener("change", (event) => {
      const atom = Number.parseInt(event.target.value.replace(/^[A-Za-z]+/, ""), 10);
      if (atom >= 0 && atom < this.frame.nAtoms) this.findAtom(atom);
      else this.noAtom(event.target.value);
    });
    byId("frames").hidden = this.data.frames.length < 2;
    byId("frame").max = String(this.data.frames.length - 1);
    byId("frame").addEventListener("input", (event) => this.showFrame(Number(event.target.value)));
    byId("theme").addEventListener("click", () => {
      this.theme(document.documentElement.dataset.theme !== "dark");
      this.draw();
    });
  }

  wireKeys() {
    byId("diagram").addEventListener("keydown", (event) => {
      const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 10, PageUp: -10,
        Home: -Infinity, End: Infinity };
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in steps)) return;
      event.preventDefault();
      this.step(steps[event.key]);
    });
    byId("structure").addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (this.structure?.turn(event.key)) event.preventDefault();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.clear();
    });
  }
}

new Page(JSON.parse(byId("data").textContent)).start().catch((problem) => {
  byId("status").textContent = "";
  const text = typeof DecompressionStream === "undefined"
    ? "This page needs a browser of 2023 or later."
    : `The page cannot be shown: ${problem.message ?? problem}`;
  byId("trouble").textContent = text;
  byId("trouble").hidden = false;
  throw problem;
});
