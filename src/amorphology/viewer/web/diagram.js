// The persistence diagram on the left.

const MANY_PAIRS = 3000; // drawn one by one they would take longer than a second
const DENSITY_BINS = 90;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

const HEAT = 0, PAIRS = 1, THROUGH_ATOM = 2, SELECTED = 3; // traces, from bottom to top

const themeColour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

class Diagram {
  // callbacks: onPairs(pairs, event) after a click or a box.
  constructor(element, colours, callbacks) {
    this.element = element;
    this.colours = colours;
    this.callbacks = callbacks;
    this.ready = false;
  }

  // view: { frame, degree, radii, density, activation, limit, selected, throughAtom, value }
  async draw(view) {
    this.view = view;
    const traces = [this.heat(), this.pairs(), this.throughAtom(), this.selected(),
      this.essential()];
    await Plotly.react(this.element, traces, this.layout(), {
      displaylogo: false,
      responsive: true,
      scrollZoom: true,
      // Sharing a chart would send it to a server of Plotly's.
      plotlyServerURL: "",
      modeBarButtonsToRemove: [
        "sendChartToCloud", "lasso2d", "autoScale2d", "zoomIn2d", "zoomOut2d",
      ],
      toImageButtonOptions: { filename: "persistence-diagram", scale: 3 },
    });
    if (!this.ready) {
      this.element.on("plotly_click", (event) => this.clicked(event));
      this.element.on("plotly_selected", (event) => this.boxed(event));
      this.ready = true;
    }
  }

  shownValue(value) { return this.view.radii ? Math.sqrt(Math.max(value, 0)) : value; }

  points(pairs) {
    const { frame, degree } = this.view;
    const { one } = DEGREES[degree];
    const rank = new Map(frame.ranking(degree).map((pair, k) => [pair, k + 1]));
    const start = frame[`h${degree}_start`];
    const unit = this.view.radii ? "Å" : "Å²";
    return {
      type: "scatter",
      mode: "markers",
      x: pairs.map((pair) => this.shownValue(frame.birth(degree, pair))),
      y: pairs.map((pair) => this.shownValue(frame.death(degree, pair))),
      customdata: pairs,
      text: pairs.map((pair) => `${one} ${rank.get(pair)}, ${start[pair + 1] - start[pair]} atoms`),
      hovertemplate: `<b>%{text}</b><br>birth %{x:.3f} ${unit}<br>death %{y:.3f} ${unit}<extra></extra>`,
      // All points stay as they are while a box is drawn over some of them.
      selected: {}, unselected: { marker: { opacity: 1 } },
    };
  }

  pairs() {
    const { frame, degree, density, activation } = this.view;
    const all = Array.from({ length: frame.pairCount(degree) }, (_, pair) => pair);
    const colour = themeColour(activation ? "pair-on-map" : "pair");
    return {
      ...this.points(all),
      visible: !density,
      marker: { size: all.length > 1000 ? 5 : all.length > 300 ? 6 : 8, color: colour, line: { width: 0 } },
    };
  }

  throughAtom() {
    return {
      ...this.points(this.view.throughAtom),
      marker: {
        size: 10, symbol: "diamond", color: this.colours.orange,
        line: { width: 1.2, color: themeColour("ink") },
      },
    };
  }

  selected() {
    const many = this.view.selected.length > 40;
    return {
      ...this.points(this.view.selected),
      marker: {
        size: many ? 7 : 13, symbol: "circle", color: this.colours.vermilion,
        line: { width: many ? 0.5 : 1.8, color: themeColour("ink") },
      },
    };
  }

  // Classes that never die, on the upper edge.
  essential() {
    const { frame, degree, limit } = this.view;
    const births = Array.from(frame[`h${degree}_essential`], (born) => this.shownValue(born));
    return {
      type: "scatter",
      mode: "markers",
      x: births,
      y: births.map(() => this.shownValue(limit)),
      cliponaxis: false,
      marker: { size: 9, symbol: "triangle-up-open", color: themeColour("soft"), line: { width: 1.6 } },
      hovertemplate: `<b>never dies</b><br>birth %{x:.3f} ${this.view.radii ? "Å" : "Å²"}<extra></extra>`,
      unselected: { marker: { opacity: 1 } },
    };
  }

  heat() {
    if (this.view.activation) return this.activationMap();
    if (this.view.density) return this.densityMap();
    return { type: "heatmap", z: [[null]], visible: false, showscale: false };
  }

  activationMap() {
    const { frame, degree } = this.view;
    const about = frame.activation_about;
    const [low, high] = about.ranges[about.degrees.indexOf(degree)];
    const bins = Math.round(Math.sqrt(frame.activation.length));
    const edges = Array.from({ length: bins + 1 }, (_, k) => low + ((high - low) * k) / bins);
    const shown = edges.map((edge) => this.shownValue(about.axes === "radius" ? edge ** 2 : edge));
    const unit = (about.largest / 127) * 1000;
    // Indices are birth, death; rows of a heat map are deaths. Below the diagonal there are no pairs.
    const z = Array.from({ length: bins }, (_, death) => Array.from({ length: bins }, (__, birth) =>
      (birth > death ? null : frame.activation[birth * bins + death] * unit)));
    const end = this.view.activationScale * 1000;
    return {
      type: "heatmap", x: shown, y: shown, z, zmin: -end, zmax: end, hoverinfo: "skip",
      colorscale: [[0, themeColour("map-low")], [0.5, themeColour("map-zero")],
        [1, themeColour("map-high")]],
      colorbar: this.colourBar("lowers · raises<br>energy (meV/atom)"),
    };
  }

  densityMap() {
    const { frame, degree, limit } = this.view;
    const top = this.shownValue(limit);
    const z = Array.from({ length: DENSITY_BINS }, () => new Array(DENSITY_BINS).fill(null));
    const bin = (value) => Math.min(DENSITY_BINS - 1, Math.floor((value / top) * DENSITY_BINS));
    for (let pair = 0; pair < frame.pairCount(degree); pair += 1) {
      const column = bin(this.shownValue(frame.birth(degree, pair)));
      const row = z[bin(this.shownValue(frame.death(degree, pair)))];
      row[column] = (row[column] ?? 0) + 1;
    }
    const edges = Array.from({ length: DENSITY_BINS + 1 }, (_, k) => (top * k) / DENSITY_BINS);
    return {
      type: "heatmap", x: edges, y: edges, z,
      colorscale: [[0, themeColour("density-low")], [1, themeColour("density-high")]],
      zmin: 0, colorbar: this.colourBar("pairs"),
      hovertemplate: "%{z} pairs<extra></extra>",
    };
  }

  colourBar(title) {
    return {
      title: { text: title, side: "right", font: { size: 11 } },
      thickness: 9, len: 0.6, x: 1.01, y: 0, yanchor: "bottom", outlinewidth: 0,
      tickfont: { size: 11 }, nticks: 5,
    };
  }

  // Where both axes begin and end.
  ends() {
    const top = this.shownValue(this.view.limit) * 1.03;
    return [this.view.degree === 0 ? -0.06 * top : 0, top];
  }

  // The radius moves alone while the complex grows: points need not be drawn anew.
  moveRadius(value) {
    this.view.value = value;
    return Plotly.relayout(this.element, { shapes: this.shapes() });
  }

  // The diagonal, and the radius that the complex has grown to.
  shapes() {
    const { value } = this.view;
    const [bottom, top] = this.ends();
    const shapes = [{
      type: "line", x0: bottom, y0: bottom, x1: 2 * top, y1: 2 * top,
      line: { width: 1, color: themeColour("line-strong") },
    }];
    if (value > 0) {
      // Classes that are born and not yet dead lie above and to the left of this corner.
      const now = this.shownValue(value);
      shapes.push({
        type: "rect", x0: -top, x1: now, y0: now, y1: 3 * top,
        fillcolor: this.view.activation ? "rgba(0,0,0,0)" : themeColour("alive"),
        line: { width: 1.5, color: themeColour("alive-edge"), dash: "dot" },
      });
    }
    return shapes;
  }

  layout() {
    const { degree, radii, limit, frame, density, activation } = this.view;
    const [bottom, top] = this.ends();
    const axis = {
      range: [bottom, top], nticks: 7, automargin: true,
      zeroline: false, gridcolor: themeColour("line"),
      showline: true, linecolor: themeColour("line-strong"),
      ticks: "outside", tickcolor: themeColour("line-strong"),
    };
    const unit = radii ? "radius, Å" : "squared radius, Å²";
    return {
      autosize: true,
      margin: { l: 14, r: 14, t: 26, b: 12 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: FONT, size: 13, color: themeColour("ink") },
      hoverlabel: {
        bgcolor: themeColour("panel"), bordercolor: themeColour("line-strong"),
        font: { family: FONT, size: 13, color: themeColour("ink") },
      },
      modebar: {
        bgcolor: "rgba(0,0,0,0)", color: themeColour("soft"), activecolor: themeColour("accent"),
      },
      xaxis: { ...axis, title: { text: `Birth (${unit})`, standoff: 8 }, constrain: "domain",
        constraintoward: density || activation ? "right" : "center" }, // beside its colour bar
      yaxis: {
        ...axis, title: { text: `Death (${unit})`, standoff: 8 }, constrain: "domain",
        constraintoward: "bottom",
        // All components are born at 0: the plane of H0 is a line, which may be as wide as it likes.
        ...(degree === 0 ? {} : { scaleanchor: "x" }),
      },
      showlegend: false,
      // On a screen that is scrolled with a finger a drag must not start a box.
      dragmode: matchMedia("(pointer: coarse)").matches ? false : "select",
      hovermode: "closest",
      hoverdistance: 12,
      shapes: this.shapes(),
      selections: [],
      annotations: frame.pairCount(degree) ? [] : [{
        text: `no ${DEGREES[degree].many} that are born and die`, showarrow: false,
        xref: "paper", yref: "paper", x: 0.5, y: 0.5, font: { color: themeColour("soft"), size: 15 },
      }],
      uirevision: `${degree} ${radii} ${limit}`,
      selectionrevision: Math.random(), // a box is an action, it does not stay
    };
  }

  clicked(event) {
    const point = event.points.find((one) => one.curveNumber >= PAIRS && one.customdata !== undefined);
    if (point) {
      this.callbacks.onPairs([point.customdata], event.event);
    } else if (event.points[0]?.curveNumber === HEAT && this.view.density) {
      const half = this.shownValue(this.view.limit) / DENSITY_BINS / 2;
      const { x, y } = event.points[0];
      this.within([x - half, x + half], [y - half, y + half], event.event);
    }
  }

  boxed(event) {
    if (event?.range) this.within(event.range.x, event.range.y, undefined);
  }

  within(xs, ys, event) {
    const { frame, degree } = this.view;
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    const [low, high] = [Math.min(...ys), Math.max(...ys)];
    const pairs = [];
    for (let pair = 0; pair < frame.pairCount(degree); pair += 1) {
      const x = this.shownValue(frame.birth(degree, pair));
      const y = this.shownValue(frame.death(degree, pair));
      if (x >= left && x <= right && y >= low && y <= high) pairs.push(pair);
    }
    this.callbacks.onPairs(pairs, event);
  }
}
