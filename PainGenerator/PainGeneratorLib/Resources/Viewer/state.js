/* What the viewer shows: the cursor, the series, windows; and what a change of one of them means for the others. */

const NARROWEST_MM = 20;
/** The part of a view, from its middle, in which the cursor stays when it is moved to a candidate. */
const CALM_PART = 0.42;

class State {
  constructor(content, bytes) {
    this.content = content;
    this.volumes = content.volumes.map((facts) => new Volume(facts, bytes));
    this.masks = content.marks.map((mark) =>
      mark.outlines.map((facts) => new Volume({ ...facts, bits: 8, gaps: false }, bytes)),
    );
    this.pet = this.volumes.find((volume) => volume.kind === "pet") || null;
    this.windows = new Map(this.volumes.map((volume) => [volume, [...volume.window]]));
    this.petColors = this.pet ? [...this.pet.colors] : null;
    this.opacity = 1;
    this.outlines = true;
    this.mirrored = false;
    this.mark = null;
    this.listeners = [];
    this.base = this.volumes[0];
    this.showAll();
    this.cursor = [...this.center];
    if (content.marks.length) this.jumpTo(0);
  }

  /** Call a function after every change. */
  onChange(listener) {
    this.listeners.push(listener);
  }

  changed() {
    for (const listener of this.listeners) listener();
  }

  get frame() {
    return this.content.frames[this.base.frame];
  }

  /** Whether the PET lies in color over the series. */
  get isFused() {
    return this.pet !== null && this.base !== this.pet && this.base.frame === this.pet.frame;
  }

  /** Show the whole field of view. */
  showAll() {
    const { low, high } = this.frame;
    this.center = low.map((value, n) => (value + high[n]) / 2);
    this.widthMm = Math.max(...low.map((value, n) => high[n] - value));
    this.changed();
  }

  /** Move the cursor; it stays in the field of view. */
  moveTo(ras) {
    const { low, high } = this.frame;
    this.cursor = ras.map((value, n) => Math.min(Math.max(value, low[n]), high[n]));
    this.follow();
    this.changed();
  }

  /** Keep the cursor in sight when only a part is shown. */
  follow() {
    const reach = this.widthMm * CALM_PART;
    if (this.cursor.some((value, n) => Math.abs(value - this.center[n]) > reach) && this.isEnlarged) {
      this.center = [...this.cursor];
    }
  }

  get isEnlarged() {
    const { low, high } = this.frame;
    return this.widthMm < Math.max(...low.map((value, n) => high[n] - value)) - 1e-6;
  }

  moveAlong(axis, mm) {
    const to = [...this.cursor];
    to[axis] += mm;
    this.moveTo(to);
  }

  /** Enlarge by a factor around a position, which stays where it is in its views. */
  enlarge(factor, around = this.cursor) {
    const { low, high } = this.frame;
    const widest = Math.max(...low.map((value, n) => high[n] - value));
    const width = Math.min(Math.max(this.widthMm / factor, NARROWEST_MM), widest);
    const part = width / this.widthMm;
    this.center = this.center.map((value, n) => around[n] + (value - around[n]) * part);
    this.widthMm = width;
    if (!this.isEnlarged) this.showAll();
    else this.changed();
  }

  choose(volume) {
    const other = volume.frame !== this.base.frame;
    this.base = volume;
    if (other) {
      this.showAll();
      this.cursor = [...this.center];
    }
    this.changed();
  }

  /** Move to a candidate, with the scale of uptake that its key image has. */
  jumpTo(number) {
    const mark = this.content.marks[number];
    this.mark = number;
    if (mark.frame !== this.base.frame) this.choose(this.volumes.find((volume) => volume.frame === mark.frame));
    if (this.pet && mark.colors) {
      this.petColors = [...mark.colors];
      this.windows.set(this.pet, [0, mark.colors[1]]);
    }
    this.moveTo(mark.point);
  }

  jumpBy(step) {
    const count = this.content.marks.length;
    if (count) this.jumpTo(this.mark === null ? (step > 0 ? 0 : count - 1) : (this.mark + step + count) % count);
  }

  /** Whether the midline is known here, so that there is an other side. */
  get hasOtherSide() {
    return this.content.mirror !== null && this.base.frame === "reference";
  }

  /** The place on the other side of the body, mirrored at the midline at its height; null where none is known. */
  get otherSide() {
    if (!this.hasOtherSide) return null;
    const { left, bottom, step, midline } = this.content.mirror;
    const place = Math.min(Math.max((this.cursor[2] - bottom) / step, 0), midline.length - 1);
    const first = Math.min(Math.floor(place), midline.length - 2);
    const at = midline[first] + (place - first) * (midline[first + 1] - midline[first]);
    const lateral = dot(this.cursor, left) - at;
    return this.cursor.map((value, n) => value - 2 * lateral * left[n]);
  }

  jumpToOtherSide() {
    const there = this.otherSide;
    if (there !== null) this.moveTo(there);
  }
}
