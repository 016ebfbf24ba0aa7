"""A page in a browser, and what a person does to it."""

import numpy as np

SLOW = 120_000  # milliseconds; drawing takes long where the processor does it, and others use it

VIEW = "document.querySelector('#structure canvas')._3dmol_viewer.getView()"


class Opened:
    """A page, and what to do with it."""

    def __init__(self, context, path, before=""):
        self.requests, self.problems = [], []
        self.page = context.new_page()
        self.page.set_default_timeout(SLOW)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.add_init_script(before)
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("body[data-ready], #trouble:not([hidden])")
        if self.page.locator("#trouble").is_visible():
            raise RuntimeError(self.text("trouble"))

    def _console(self, message):
        if message.type in ("error", "warning") and "GPU stall" not in message.text:
            self.problems.append(message.text)

    def reset(self):
        self.page.keyboard.press("Escape")
        self.page.evaluate("scrollTo(0, 0)")
        self.choose_degree(1)
        self.slide("radius", 0)
        if self.page.locator("#frames").is_visible():
            self.slide("frame", 0)
            self.until("document.getElementById('frame-name').textContent[0] == 1")

    def until(self, condition):
        # Playwright's own way compiles text in the page, which the page's policy forbids.
        for _ in range(SLOW // 50):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        raise TimeoutError(condition)

    def choose_degree(self, degree):
        self.page.check(f"input[name=degree][value='{degree}']", force=True)

    def slide(self, name, value):
        moved = self.page.locator(f"#{name}").evaluate(
            """(slider, value) => {
              const before = slider.value;
              slider.value = value;
              if (slider.value === before) return false;
              slider.dispatchEvent(new Event("input"));
              return true;
            }""",
            value,
        )
        if moved:
            self.next_frame()

    def next_frame(self):
        self.page.evaluate(
            "() => new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))"
        )

    def on_screen(self, birth, death):
        """Where a point of the diagram is, in pixels."""
        return self.page.evaluate(
            """([birth, death]) => {
              const diagram = document.getElementById("diagram");
              const { xaxis, yaxis } = diagram._fullLayout;
              const area = diagram.querySelector(".nsewdrag").getBoundingClientRect();
              return [area.x + xaxis.l2p(birth), area.y + yaxis.l2p(death)];
            }""",
            [birth, death],
        )

    def marked(self, trace):
        """Pairs that a layer of the diagram shows: 1 all, 2 through the atom, 3 selected."""
        return self.page.evaluate(
            f"[...document.getElementById('diagram').data[{trace}].customdata]"
        )

    def lit(self):
        text = self.page.get_attribute("#structure", "data-lit-atoms")
        return [int(atom) for atom in text.split()]

    def view(self):
        """Where the camera is."""
        return self.page.evaluate(VIEW)

    def text(self, name):
        return self.page.inner_text(f"#{name}")

    def vermilion(self):
        """How many pixels of the structure have the colour of a selected ring."""
        self.next_frame()
        return self.page.evaluate(
            """() => {
              const shown = document.querySelector("#structure canvas");
              const copy = document.createElement("canvas");
              [copy.width, copy.height] = [shown.width, shown.height];
              const context = copy.getContext("2d");
              context.drawImage(shown, 0, 0);
              const { data } = context.getImageData(0, 0, copy.width, copy.height);
              let found = 0;
              for (let k = 0; k < data.length; k += 4) {
                const [red, green, blue] = data.subarray(k, k + 3);
                found += red > 90 && green < 0.62 * red && blue < 0.3 * red;
              }
              return found;
            }"""
        )


def alone(diagram):
    """The finite pair that lies farthest from its neighbours: a click can mean no other."""
    points = diagram.finite().pairs
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return int(distances.min(axis=1).argmax())
