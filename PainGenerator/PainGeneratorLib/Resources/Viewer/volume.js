/*
 * Voxels with their place in space. A stored 0 is "no value here"; otherwise the value is low + (stored - 1) * step.
 * Nothing is resampled before it is shown: each pixel is interpolated from the voxels of the series itself, whatever
 * way they are stored and however oblique they are.
 */

class Volume {
  constructor(facts, bytes) {
    Object.assign(this, facts);
    const count = this.shape[0] * this.shape[1] * this.shape[2];
    const own = bytes.subarray(this.offset, this.offset + count * (this.bits / 8));
    this.data = this.bits === 16 ? joinedBytes(own, count) : own;
  }

  /** The value of the voxel that holds a position; null outside and where there is none. */
  valueAt(ras) {
    const [i, j, k] = moved(this.toIjk, ras).map((value) => Math.floor(value + 0.5));
    const [slices, rows, columns] = this.shape;
    if (i < 0 || j < 0 || k < 0 || i >= columns || j >= rows || k >= slices) return null;
    const stored = this.data[(k * rows + j) * columns + i];
    return stored === 0 ? null : this.low + (stored - 1) * this.step;
  }

  /** Whether the voxel at a position holds the largest number, so that its true value may be larger. */
  isCutAt(ras) {
    const value = this.valueAt(ras);
    return value !== null && this.cut && value >= this.low + (2 ** this.bits - 2) * this.step - 1e-9;
  }

  /** The distance between neighboring slices along an axis of the patient, mm. */
  stepAlong(axis) {
    const direction = [0, 0, 0];
    direction[axis] = 1;
    return 1 / Math.hypot(...turned(this.toIjk, direction));
  }
}

/**
 * Values on a part of a view, interpolated between the eight voxels around each pixel.
 *
 * The values are stored numbers (see above), NaN outside. Between a voxel with and one without a value, the value of
 * the nearest voxel counts, so that the edge of a block of slices is not darkened.
 */
function sample(volume, view, out, x0 = 0, y0 = 0, width = view.pixels, height = view.pixels) {
  const [slices, rows, columns] = volume.shape;
  const { data, gaps } = volume;
  const rowStep = columns;
  const sliceStep = rows * columns;
  const start = moved(volume.toIjk, view.rasOf(x0, y0));
  const right = turned(volume.toIjk, view.across).map((v) => v * view.mmPerPixel);
  const below = turned(volume.toIjk, view.down).map((v) => v * view.mmPerPixel);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let i = start[0] + x * right[0] + y * below[0];
      let j = start[1] + x * right[1] + y * below[1];
      let k = start[2] + x * right[2] + y * below[2];
      const at = y * width + x;
      if (i < -0.5 || j < -0.5 || k < -0.5 || i > columns - 0.5 || j > rows - 0.5 || k > slices - 0.5) {
        out[at] = NaN;
        continue;
      }
      i = Math.min(Math.max(i, 0), columns - 1);
      j = Math.min(Math.max(j, 0), rows - 1);
      k = Math.min(Math.max(k, 0), slices - 1);
      const i0 = Math.floor(i);
      const j0 = Math.floor(j);
      const k0 = Math.floor(k);
      const u = i - i0;
      const v = j - j0;
      const w = k - k0;
      const a = k0 * sliceStep + j0 * rowStep + i0;
      const di = u > 0 ? 1 : 0;
      const dj = v > 0 ? rowStep : 0;
      const dk = w > 0 ? sliceStep : 0;
      let near = 0;
      if (gaps) {
        near = data[a + (u >= 0.5 ? di : 0) + (v >= 0.5 ? dj : 0) + (w >= 0.5 ? dk : 0)];
        if (near === 0) {
          out[at] = NaN;
          continue;
        }
      }
      const lower =
        ((data[a] || near) * (1 - u) + (data[a + di] || near) * u) * (1 - v) +
        ((data[a + dj] || near) * (1 - u) + (data[a + dj + di] || near) * u) * v;
      const upper =
        ((data[a + dk] || near) * (1 - u) + (data[a + dk + di] || near) * u) * (1 - v) +
        ((data[a + dk + dj] || near) * (1 - u) + (data[a + dk + dj + di] || near) * u) * v;
      out[at] = lower * (1 - w) + upper * w;
    }
  }
}
