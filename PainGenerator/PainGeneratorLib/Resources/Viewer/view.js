/* One plane of the page: its canvas, its slider, and what mouse, finger and keys do there. */

const LEAST_PIXELS = 160;
const MOST_PIXELS = 640;
/** How far a wheel has to be turned for one slice; one notch of a mouse is 100 to 120. */
const WHEEL_STEP = 50;
const ZOOM_STEP = 1.25;

class Plane {
  constructor(state, element) {
    this.state = state;
    this.element = element;
    this.name = element.dataset.plane;
    this.axis = PLANES[this.name].through;
    this.canvas = element.querySelector("canvas");
    this.slider = element.querySelector("input");
    this.position = element.querySelector(".position");
    this.wheel = 0;
    this.listen();
  }

  /** What the canvas shows now. */
  get view() {
    const center = [...this.state.center];
    center[this.axis] = this.state.cursor[this.axis];
    return new View(this.name, center, this.state.widthMm, this.canvas.width);
  }

  /** Fit the number of pixels to the size on the screen. */
  fit() {
    const shown = this.canvas.clientWidth * Math.min(window.devicePixelRatio || 1, 2);
    const pixels = Math.round(Math.min(Math.max(shown, LEAST_PIXELS), MOST_PIXELS));
    if (this.canvas.width === pixels && this.stored) return;
    this.canvas.width = pixels;
    this.canvas.height = pixels;
    this.stored = new Float32Array(pixels * pixels);
    this.uptake = new Float32Array(pixels * pixels);
  }

  draw() {
    this.fit();
    const { state, view } = this;
    const context = this.canvas.getContext("2d");
    const picture = context.createImageData(view.pixels, view.pixels);
    const light = state.base === state.pet;
    sample(state.base, view, this.stored);
    paintGray(picture.data, this.stored, scaleOf(state.base, state.windows.get(state.base)), light);
    if (state.isFused && state.opacity > 0) {
      sample(state.pet, view, this.uptake);
      paintUptake(picture.data, this.uptake, scaleOf(state.pet, state.petColors), state.opacity);
    }
    if (state.outlines) this.drawOutlines(picture.data, view, light ? ON_LIGHT : ON_DARK);
    context.putImageData(picture, 0, 0);
    const other = state.mirrored ? state.otherSide : null;
    if (other !== null) drawCross(context, view, other, light ? "#a3001b" : "#ffd24a", true);
    drawCross(context, view, state.cursor, light ? "#0046c8" : "#ffffff", false);
    drawLabels(context, view, light);
    this.tell(view);
  }

  drawOutlines(pixels, view, colors) {
    for (const masks of this.state.masks) {
      for (const mask of masks) {
        if (mask.frame !== this.state.base.frame) continue;
        paintBorder(pixels, borderOf(mask, view), view.pixels, colors, mask.dashed);
      }
    }
  }

  /** Slider, text, and what others may want to know of the canvas. */
  tell(view) {
    const { low, high } = this.state.frame;
    const value = this.state.cursor[this.axis];
    this.slider.min = low[this.axis];
    this.slider.max = high[this.axis];
    this.slider.step = "any";
    this.slider.value = value;
    this.position.textContent = lengthText(value, this.axis);
    this.slider.setAttribute("aria-valuetext", this.position.textContent);
    this.canvas.dataset.center = view.center.join(" ");
    this.canvas.dataset.letters = view.letters.join("");
    this.canvas.dataset.mmPerPixel = view.mmPerPixel;
  }

  /** The position under a pointer. */
  at(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.canvas.width / box.width;
    return this.view.rasOf((event.clientX - box.left) * scale - 0.5, (event.clientY - box.top) * scale - 0.5);
  }

  listen() {
    const { canvas, state } = this;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { this.held = null; });
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.turn(event), { passive: false });
    canvas.addEventListener("dblclick", () => this.toggleLarge());
    canvas.addEventListener("keydown", (event) => this.key(event));
    this.element.querySelector("button").addEventListener("click", () => this.toggleLarge());
    this.slider.addEventListener("input", () => {
      state.moveAlong(this.axis, Number(this.slider.value) - state.cursor[this.axis]);
    });
  }

  /** The first button moves the cursor; the second one, or the first with Shift, changes the window. */
  press(event) {
    if (event.button !== 0 && event.button !== 2) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.held = { windowing: event.button === 2 || event.shiftKey, x: event.clientX, y: event.clientY };
    if (!this.held.windowing) this.state.moveTo(this.at(event));
  }

  drag(event) {
    if (!this.held) return;
    if (!this.held.windowing) {
      this.state.moveTo(this.at(event));
      return;
    }
    changeWindow(this.state, (event.clientX - this.held.x) / 200, (event.clientY - this.held.y) / 200);
    this.held.x = event.clientX;
    this.held.y = event.clientY;
  }

  /** The wheel goes through the slices; with Ctrl it enlarges. */
  turn(event) {
    event.preventDefault();
    if (event.ctrlKey || event.metaKey) {
      this.state.enlarge(event.deltaY < 0 ? ZOOM_STEP : 1 / ZOOM_STEP, this.at(event));
      return;
    }
    this.wheel += event.deltaMode === 0 ? event.deltaY : event.deltaY * WHEEL_STEP;
    if (Math.abs(this.wheel) < WHEEL_STEP) return;
    this.bySlices(this.wheel > 0 ? -1 : 1);
    this.wheel = 0;
  }

  bySlices(count) {
    this.state.moveAlong(this.axis, count * this.state.base.stepAlong(this.axis));
  }

  toggleLarge() {
    this.element.classList.toggle("large");
    this.element.querySelector("button").setAttribute("aria-pressed", this.element.classList.contains("large"));
    this.state.changed();
  }

  key(event) {
    const far = event.shiftKey ? 10 : 1;
    const { across, down } = PLANES[this.name];
    const along = (direction, mm) => this.state.moveTo(this.state.cursor.map((value, n) => value + direction[n] * mm));
    const moves = {
      ArrowLeft: () => along(across, -far),
      ArrowRight: () => along(across, far),
      ArrowUp: () => along(down, -far),
      ArrowDown: () => along(down, far),
      PageUp: () => this.bySlices(far),
      PageDown: () => this.bySlices(-far),
      f: () => this.toggleLarge(),
    };
    const move = event.ctrlKey || event.metaKey || event.altKey ? null : moves[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    move();
  }
}

/** Change the window of the series that is shown, by parts of its width. */
function changeWindow(state, wider, darker) {
  const [low, high] = state.windows.get(state.base);
  const width = Math.max((high - low) * (1 + wider), state.base.step);
  const middle = state.base === state.pet ? low + width / 2 : (low + high) / 2 + darker * (high - low);
  state.windows.set(state.base, [middle - width / 2, middle + width / 2]);
  state.changed();
}

/** A distance from the zero point of the scanner in words. */
function lengthText(mm, axis) {
  const [positive, negative] = [["right", "left"], ["anterior", "posterior"], ["superior", "inferior"]][axis];
  return `${Math.abs(mm).toFixed(0)} mm ${say(mm < 0 ? negative : positive)}`;
}
