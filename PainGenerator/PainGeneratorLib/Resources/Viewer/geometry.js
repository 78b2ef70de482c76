/*
 * Positions are RAS in millimeters: the first number grows to the patient's right, the second to the front, the third
 * to the head. Matrices have three rows of four numbers, one after another.
 */

/** The three planes, as radiologists look at them: the patient's right is at the left of the picture. */
const PLANES = {
  axial: { across: [-1, 0, 0], down: [0, -1, 0], through: 2 },
  coronal: { across: [-1, 0, 0], down: [0, 0, -1], through: 1 },
  sagittal: { across: [0, -1, 0], down: [0, 0, -1], through: 0 },
};

const PATIENT_LETTERS = [["R", "L"], ["A", "P"], ["S", "I"]];

/** The scalar product. */
function dot(a, b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** A direction turned by a matrix. */
function turned(matrix, v) {
  return [0, 4, 8].map((n) => matrix[n] * v[0] + matrix[n + 1] * v[1] + matrix[n + 2] * v[2]);
}

/** A point moved by a matrix. */
function moved(matrix, point) {
  return turned(matrix, point).map((value, n) => value + matrix[4 * n + 3]);
}

/** The patient's letters at the start and at the end of a direction along an axis of the patient. */
function edgeLetters(direction) {
  const axis = direction.findIndex((value) => value !== 0);
  const [positive, negative] = PATIENT_LETTERS[axis];
  return direction[axis] > 0 ? [negative, positive] : [positive, negative];
}

/** What one canvas shows of a plane: a square around a center. */
class View {
  constructor(name, center, widthMm, pixels) {
    Object.assign(this, PLANES[name], { name, center, pixels, mmPerPixel: widthMm / pixels });
  }

  /** The position of a pixel; whole numbers are centers of pixels. */
  rasOf(x, y) {
    const right = (x - (this.pixels - 1) / 2) * this.mmPerPixel;
    const below = (y - (this.pixels - 1) / 2) * this.mmPerPixel;
    return this.center.map((value, n) => value + right * this.across[n] + below * this.down[n]);
  }

  /** The pixel of a position. */
  pixelOf(ras) {
    const offset = ras.map((value, n) => value - this.center[n]);
    const half = (this.pixels - 1) / 2;
    return [dot(offset, this.across) / this.mmPerPixel + half, dot(offset, this.down) / this.mmPerPixel + half];
  }

  /** The letters at the left, right, top and bottom edge. */
  get letters() {
    return [...edgeLetters(this.across), ...edgeLetters(this.down)];
  }
}
