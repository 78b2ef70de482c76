/* The controls beside the planes: series, windows, the list of candidates, and the values at the cursor. */

class Panel {
  constructor(state, root) {
    this.state = state;
    this.root = root;
    this.part = (name) => root.querySelector(`[data-part="${name}"]`);
    this.fillSeries();
    this.fillMarks();
    this.fillValues();
    this.listen();
  }

  fillSeries() {
    const { state } = this;
    for (const [number, volume] of state.volumes.entries()) {
      const option = document.createElement("option");
      option.value = String(number);
      const fused = state.pet && volume !== state.pet && volume.frame === state.pet.frame;
      option.textContent = volume === state.pet ? say("PET alone") : fused ? say("PET on {series}", volume.title) : volume.title;
      this.part("series").append(option);
    }
  }

  fillMarks() {
    this.marks = this.state.content.marks.map((mark, number) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = `${mark.label}. ${mark.title}`;
      button.addEventListener("click", () => this.state.jumpTo(number));
      const item = document.createElement("li");
      item.append(button);
      if (mark.note) {
        const note = document.createElement("span");
        note.textContent = mark.note;
        item.append(note);
      }
      this.part("marks").append(item);
      return button;
    });
  }

  fillValues() {
    const body = this.part("values").tBodies[0];
    this.rows = this.state.volumes.map((volume) => {
      const row = body.insertRow();
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = volume.kind === "pet" ? `SUV, ${volume.unit}` : volume.title;
      row.append(head);
      return [row.insertCell(), row.insertCell()];
    });
  }

  listen() {
    const { state } = this;
    this.part("series").addEventListener("change", (event) => state.choose(state.volumes[Number(event.target.value)]));
    this.on("opacity", (value) => { state.opacity = value / 100; });
    this.on("start", (value) => { if (state.pet) state.petColors[0] = Math.min(value, state.petColors[1] - 0.01); });
    this.on("end", (value) => this.setPetEnd(value));
    this.on("level", (value) => this.setWindow(value, null));
    this.on("width", (value) => this.setWindow(null, value));
    this.part("outlines").addEventListener("change", (event) => this.toggle("outlines", event.target.checked));
    this.part("mirrored").addEventListener("change", (event) => this.toggle("mirrored", event.target.checked));
    this.part("other-side").addEventListener("click", () => state.jumpToOtherSide());
    this.part("whole").addEventListener("click", () => state.showAll());
    this.part("nearer").addEventListener("click", () => state.enlarge(ZOOM_STEP));
    this.part("farther").addEventListener("click", () => state.enlarge(1 / ZOOM_STEP));
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  /** Do something with the number of a slider, then draw. */
  on(name, change) {
    this.part(name).addEventListener("input", (event) => {
      change(Number(event.target.value));
      this.state.changed();
    });
  }

  toggle(name, value) {
    this.state[name] = value;
    this.state.changed();
  }

  setPetEnd(value) {
    const { state } = this;
    if (!state.pet) return;
    state.petColors = [Math.min(state.petColors[0], value - 0.01), value];
    state.windows.set(state.pet, [0, value]);
  }

  /** The window of the MR from its middle and its width. */
  setWindow(level, width) {
    const { state } = this;
    if (state.base === state.pet) return;
    const [low, high] = state.windows.get(state.base);
    const middle = level === null ? (low + high) / 2 : level;
    const half = (width === null ? high - low : width) / 2;
    state.windows.set(state.base, [middle - half, middle + half]);
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input[type=range]")) return;
    const { state } = this;
    const acts = {
      n: () => state.jumpBy(1),
      p: () => state.jumpBy(-1),
      m: () => state.jumpToOtherSide(),
      o: () => this.toggle("outlines", !state.outlines),
      c: () => this.toggle("mirrored", state.hasOtherSide && !state.mirrored),
      s: () => state.choose(state.volumes[(state.volumes.indexOf(state.base) + 1) % state.volumes.length]),
      "+": () => state.enlarge(ZOOM_STEP),
      "-": () => state.enlarge(1 / ZOOM_STEP),
      0: () => state.showAll(),
      "[": () => this.fade(-0.1),
      "]": () => this.fade(0.1),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  fade(by) {
    this.state.opacity = Math.min(Math.max(this.state.opacity + by, 0), 1);
    this.state.changed();
  }

  /** Show the state in all controls. */
  refresh() {
    const { state } = this;
    this.part("series").value = String(state.volumes.indexOf(state.base));
    this.refreshSliders();
    this.part("outlines").checked = state.outlines;
    this.part("mirrored").checked = state.mirrored && state.hasOtherSide;
    this.part("mirrored").disabled = !state.hasOtherSide;
    this.part("other-side").disabled = !state.hasOtherSide;
    for (const [number, button] of this.marks.entries()) {
      if (number === state.mark && state.isAtMark) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
    this.refreshValues();
    this.root.dataset.cursor = state.cursor.join(" ");
    this.root.dataset.series = state.base.id;
  }

  refreshSliders() {
    const { state } = this;
    const set = (name, value, low, high, text, isOff) => {
      const slider = this.part(name);
      Object.assign(slider, { min: low, max: high, step: "any", disabled: isOff });
      slider.value = value;
      slider.setAttribute("aria-valuetext", text);
      slider.parentElement.querySelector("output").textContent = text;
    };
    const isPet = state.base === state.pet;
    const noPet = state.pet === null;
    const [begin, end] = noPet ? [0, 1] : state.petColors;
    const most = noPet ? 1 : Math.max(state.pet.most, end);
    const percent = Math.round(100 * state.opacity);
    set("opacity", percent, 0, 100, `${percent} %`, !state.isFused);
    set("start", begin, 0, most, `SUV ${begin.toFixed(2)}`, !state.isFused);
    set("end", end, 0.2, most, `SUV ${end.toFixed(2)}`, !state.isFused && !isPet);
    const [low, high] = state.windows.get(state.base);
    const range = state.base.window[1] - state.base.window[0];
    const from = state.base.window[0];
    set("level", (low + high) / 2, from, from + range, ((low + high) / 2).toFixed(0), isPet);
    set("width", high - low, range * 0.02, range * 2, (high - low).toFixed(0), isPet);
  }

  /** The values of every series at the cursor and on the other side. */
  refreshValues() {
    const { state } = this;
    const other = state.otherSide;
    this.part("values").classList.toggle("one-side", other === null);
    for (const [number, cells] of this.rows.entries()) {
      const volume = state.volumes[number];
      const isThere = volume.frame === state.base.frame;
      for (const [n, ras] of [state.cursor, other].entries()) {
        cells[n].textContent = isThere && ras !== null ? valueText(volume, ras) : "–";
      }
    }
    this.part("place").textContent = state.cursor.map((mm, axis) => lengthText(mm, axis)).join(", ");
  }
}

/** The value of the voxel at a position; a dash outside. */
function valueText(volume, ras) {
  const value = volume.valueAt(ras);
  if (value === null) return "–";
  const text = value.toFixed(volume.kind === "pet" ? 2 : 0);
  if (volume.isCutAt(ras)) return say("at least {value}", text);
  return volume.kind === "mr" && volume.step > 1 ? say("about {value}", text) : text;
}
