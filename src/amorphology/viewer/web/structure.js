// The structure on the right, drawn by 3Dmol.js.

const CAMERA_DISTANCE = 150; // 3Dmol.js's own, Angstrom
const HALF_VIEW = Math.tan((10 * Math.PI) / 180); // half of what it sees, at a distance of 1
const FLIGHT = 500; // milliseconds

const asPoint = ([x, y, z]) => ({ x, y, z });

class Structure {
  // callbacks: onAtom(atom), onHover(atom or null).
  constructor(element, colours, callbacks) {
    this.element = element;
    this.colours = colours;
    this.callbacks = callbacks;
    try {
      this.viewer = $3Dmol.createViewer(element, {
        backgroundColor: themeColour("panel"), antialias: true, hoverDuration: 80,
      });
    } catch {
      this.viewer = null; // so it is without WebGL
    }
    element.addEventListener("mouseleave", () => callbacks.onHover(null));
    this.models = {};
    this.faces = {};
  }

  get works() { return Boolean(this.viewer); }

  setFrame(frame, keepCamera) {
    this.frame = frame;
    this.corners = {};
    for (const name of Object.keys(this.models)) this.removeModel(name);
    for (const name of Object.keys(this.faces)) this.removeFaces(name);
    this.viewer.removeAllLabels();
    const atoms = Array.from({ length: frame.nAtoms }, (_, atom) => this.atomSpec(atom, frame.place(atom)));
    this.addModel("atoms", atoms);
    this.makeClickable("atoms");
    this.addLines("sticks", frame.sticks());
    this.addLines("cell", frame.cellEdges());
    if (!keepCamera) this.home(0);
  }

  atomSpec(atom, point) {
    return { elem: this.frame.symbol(atom), ...asPoint(point), properties: { atom } };
  }

  addModel(name, atoms) {
    this.removeModel(name);
    const model = this.viewer.addModel();
    model.addAtoms(atoms);
    this.models[name] = model;
    return model;
  }

  removeModel(name) {
    if (this.models[name]) this.viewer.removeModel(this.models[name]);
    delete this.models[name];
  }

  // Lines are a model of their own, two atoms each, because sticks are drawn fast.
  addLines(name, lines) {
    const ends = lines.flatMap(([from, to], k) => [
      { elem: "C", ...asPoint(from), bonds: [2 * k + 1], bondOrder: [1] },
      { elem: "C", ...asPoint(to), bonds: [2 * k], bondOrder: [1] },
    ]);
    return this.addModel(name, ends);
  }

  makeClickable(name) {
    this.models[name].setClickable({}, true, (hit) => this.callbacks.onAtom(hit.properties.atom));
    this.models[name].setHoverable({}, true,
      (hit) => this.callbacks.onHover(hit.properties.atom), () => this.callbacks.onHover(null));
  }

  addFaces(name, triangles, colour, opacity) {
    this.removeFaces(name);
    if (!triangles.length) return;
    const vertexArr = [], normalArr = [], faceArr = [];
    for (const [a, b, c] of triangles) {
      const normal = asPoint(unit(cross(subtract(b, a), subtract(c, a))));
      for (const corner of [a, b, c]) {
        faceArr.push(vertexArr.length);
        vertexArr.push(asPoint(corner));
        normalArr.push(normal);
      }
    }
    this.faces[name] = this.viewer.addCustom({
      vertexArr, normalArr, faceArr, color: colour, opacity,
    });
  }

  removeFaces(name) {
    if (this.faces[name]) this.viewer.removeShape(this.faces[name]);
    delete this.faces[name];
  }

  // view: { value, balls, selected: [{ members, lines, triangles }], atom }
  draw(view) {
    this.view = view;
    this.viewer.setBackgroundColor(themeColour("panel"));
    this.drawComplex();
    this.drawSelected();
    this.styleAtoms();
    this.viewer.render();
  }

  drawComplex() {
    const { value, balls } = this.view;
    for (const name of ["edge", "triangle"]) {
      const count = value > 0 ? this.frame.simplexCount(name, value) : 0;
      this.corners[name] ??= [];
      for (let k = this.corners[name].length; k < count; k += 1) {
        this.corners[name].push(this.frame.corners(name, k));
      }
      const shown = this.corners[name].slice(0, count);
      if (name === "edge") {
        this.addLines("edges", shown);
        this.models.edges.setStyle({}, { stick: { radius: 0.035, color: themeColour("edge") } });
      } else {
        this.addFaces("complex", shown, themeColour("face"), this.view.selected.length ? 0.22 : 0.42);
      }
    }
    if (balls && value > 0) {
      const atoms = Array.from({ length: this.frame.nAtoms },
        (_, atom) => this.atomSpec(atom, this.frame.place(atom)));
      this.addModel("balls", atoms).setStyle({}, {
        sphere: { radius: Math.sqrt(value), color: themeColour("ball"), opacity: 0.3 },
      });
    } else {
      this.removeModel("balls");
    }
  }

  drawSelected() {
    const { selected, atom } = this.view;
    const colour = this.colours.vermilion;
    const lines = new Map(), spheres = new Map(), triangles = [];
    for (const one of selected) {
      for (const line of one.lines) {
        // Rings share edges: each is drawn once.
        lines.set(line.flat().map((x) => x.toFixed(2)).join(), line);
      }
      for (const member of one.members) {
        spheres.set(`${member.atom} ${member.offset}`, member);
      }
      triangles.push(...one.triangles);
    }
    const thin = selected.length > 12 || triangles.length > 4;
    this.addLines("lines", [...lines.values()]).setStyle({}, {
      stick: { radius: triangles.length > 4 ? 0.05 : thin ? 0.09 : 0.15, color: colour },
    });
    if (atom !== null) spheres.set(`${atom}`, { atom, point: this.frame.place(atom), chosen: true });
    const members = [...spheres.values()];
    this.addModel("lit", members.map((member) => this.atomSpec(member.atom, member.point)));
    this.models.lit.setStyle({}, { sphere: { color: colour, radius: thin ? 0.24 : 0.36 } });
    members.forEach((member, k) => {
      if (member.chosen) {
        this.models.lit.setStyle({ index: k }, { sphere: { color: this.colours.orange, radius: 0.55 } });
      }
    });
    this.makeClickable("lit");
    this.addFaces("cavity", triangles, colour, 0.5);
    this.viewer.removeAllLabels();
    if (selected.length === 1 && members.length <= 16) {
      for (const member of members) this.label(member);
    } else if (atom !== null) {
      this.label({ atom, point: this.frame.place(atom) });
    }
    this.element.dataset.litAtoms = [...new Set(members.map((member) => member.atom))]
      .sort((a, b) => a - b).join(" ");
  }

  label(member) {
    this.viewer.addLabel(`${this.frame.symbol(member.atom)}${member.atom}`, {
      position: asPoint(member.point), inFront: true, fontSize: 12, bold: true, padding: 1, alignment: "bottomLeft",
      fontColor: themeColour("ink"), backgroundColor: themeColour("panel"), backgroundOpacity: 0.85,
    });
  }

  styleAtoms() {
    const lit = this.view.selected.length > 0 || this.view.atom !== null;
    const growing = this.view.value > 0;
    const faded = lit || growing;
    const colours = new Map(Object.values(this.frame.elements).map((symbol) => {
      const own = $3Dmol.elementColors.Jmol[symbol] ?? 0x909090;
      const [other, part] = faded ? [themeColour("panel"), Number(themeColour("fade"))]
        : ["#000000", 0.12];
      return [symbol, mixed(own, other, part)];
    }));
    for (const [symbol, color] of colours) {
      this.models.atoms.setStyle({ elem: symbol }, { sphere: { scale: faded ? 0.13 : 0.24, color } });
    }
    this.models.sticks.setStyle({}, growing ? {} : {
      stick: { radius: faded ? 0.04 : 0.09, color: themeColour(faded ? "stick-faded" : "stick") },
    });
    this.models.cell.setStyle({}, { stick: { radius: 0.035, color: themeColour("cell") } });
  }

  // Brings points into the middle, seen along a direction if one is given.
  flyTo(points, normal) {
    const centre = middle(points);
    const reach = Math.max(...points.map((point) => norm(subtract(point, centre))));
    const turn = this.viewer.getView().slice(4);
    let target = turn;
    if (normal) {
      const seen = rotate(turn, normal);
      target = multiply(turnBetween(seen, [0, 0, Math.sign(seen[2]) || 1]), turn);
    }
    const width = Math.max(3.6 * reach, 9);
    const near = CAMERA_DISTANCE - Math.max(width / 2 / HALF_VIEW, 20);
    this.fly([...scale(centre, -1), Math.max(near, this.homeZoom), ...target]);
  }

  fly(target, duration = FLIGHT) {
    cancelAnimationFrame(this.flight);
    const start = this.viewer.getView();
    const quick = duration === 0 || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const begun = performance.now();
    const step = (now) => {
      const part = quick ? 1 : Math.min(1, Math.max(0, (now - begun) / duration));
      const eased = part * part * (3 - 2 * part);
      const mixedView = start.slice(0, 4).map((x, k) => x + eased * (target[k] - x));
      this.viewer.setView([...mixedView, ...blend(start.slice(4, 8), target.slice(4), eased)]);
      if (part < 1) this.flight = requestAnimationFrame(step);
    };
    step(begun);
  }

  // Shows all atoms and the cell.
  home(duration = FLIGHT) {
    const { frame } = this;
    const points = Array.from({ length: frame.nAtoms }, (_, atom) => frame.place(atom));
    points.push(...frame.cellEdges().flat());
    const ends = [0, 1, 2].map((k) => points.reduce(
      ([low, high], point) => [Math.min(low, point[k]), Math.max(high, point[k])],
      [Infinity, -Infinity]));
    const centre = ends.map(([low, high]) => (low + high) / 2);
    const reach = Math.max(...points.map((point) => norm(subtract(point, centre))));
    this.homeZoom = CAMERA_DISTANCE - Math.max(reach + 0.5, 2.5) / HALF_VIEW;
    // A crystal or glass from a corner, a sheet or molecule from above.
    const turn = frame.pbc.every(Boolean) ? [0.21, -0.29, -0.06, 0.93] : [0, 0, 0, 1];
    this.viewer.zoomTo(); // also says how far fog and clipping reach
    this.fly([...scale(centre, -1), this.homeZoom, ...turn], duration);
  }

  // Keys, for those who do not use a mouse.
  turn(key) {
    const turns = {
      ArrowLeft: [-12, "y"], ArrowRight: [12, "y"], ArrowUp: [-12, "x"], ArrowDown: [12, "x"],
    };
    if (key in turns) this.viewer.rotate(...turns[key]);
    else if (key === "+" || key === "=") this.viewer.zoom(1.15);
    else if (key === "-") this.viewer.zoom(1 / 1.15);
    else if (key === "0") this.home();
    else return false;
    return true;
  }
}

// A colour between two.
function mixed(first, second, part) {
  const number = (colour) => (typeof colour === "number" ? colour : parseInt(colour.slice(1), 16));
  const channels = [16, 8, 0].map((bits) => Math.round(
    ((number(first) >> bits) & 255) * (1 - part) + ((number(second) >> bits) & 255) * part));
  return `#${channels.map((x) => x.toString(16).padStart(2, "0")).join("")}`;
}
