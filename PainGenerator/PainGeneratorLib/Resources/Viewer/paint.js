/* Draws a view: gray values, the PET in color over them, outlines, cursor, letters and a scale. */

const ON_DARK = { line: [90, 230, 255], halo: [0, 0, 0] };
const ON_LIGHT = { line: [0, 70, 200], halo: [255, 255, 255] };
const DASH_PIXELS = 7;
const SCALE_BAR_MM = 50;

/** The hot colors: black, red, orange, yellow, white. The same as in the key images. */
const HOT = (() => {
  const stops = [0, 0.36, 0.68, 0.88, 1];
  const colors = [[40, 0, 0], [225, 20, 0], [255, 150, 0], [255, 235, 60], [255, 255, 235]];
  const table = new Uint8Array(256 * 3);
  for (let n = 0; n < 256; n += 1) {
    const t = n / 255;
    const s = Math.max(stops.findIndex((stop) => stop >= t), 1);
    const part = (t - stops[s - 1]) / (stops[s] - stops[s - 1]);
    for (let c = 0; c < 3; c += 1) table[3 * n + c] = colors[s - 1][c] + part * (colors[s][c] - colors[s - 1][c]);
  }
  return table;
})();

/** A window as factor and offset, so that stored * factor + offset is 0 at its lower and 1 at its upper end. */
function scaleOf(volume, [low, high]) {
  const range = Math.max(high - low, 1e-9);
  return [volume.step / range, (volume.low - volume.step - low) / range];
}

function clipped(value) {
  return value > 0 ? Math.min(value, 1) : 0; // Nothing (NaN) is 0, too.
}

/** Fill pixels with gray values; `inverted` is white where there is nothing. */
function paintGray(pixels, stored, [factor, offset], inverted) {
  for (let n = 0; n < stored.length; n += 1) {
    const shade = 255 * clipped(stored[n] * factor + offset);
    const value = inverted ? 255 - shade : shade;
    pixels[4 * n] = value;
    pixels[4 * n + 1] = value;
    pixels[4 * n + 2] = value;
    pixels[4 * n + 3] = 255;
  }
}

/** Lay uptake in color over pixels: clear at the lower end of the window, the more opaque the higher it is. */
function paintUptake(pixels, stored, [factor, offset], opacity) {
  for (let n = 0; n < stored.length; n += 1) {
    const part = clipped(stored[n] * factor + offset);
    if (part === 0) continue;
    const alpha = Math.min((Math.min(4 * part, 0.55) + 0.3 * part) * opacity, 1);
    const color = 3 * Math.round(255 * part);
    for (let c = 0; c < 3; c += 1) {
      pixels[4 * n + c] = pixels[4 * n + c] * (1 - alpha) + HOT[color + c] * alpha;
    }
  }
}

/** The pixels of a view that a box of voxels can reach: [x, y, width, height], or null. */
function partOf(mask, view) {
  const [slices, rows, columns] = mask.shape;
  let low = [Infinity, Infinity];
  let high = [-Infinity, -Infinity];
  for (let n = 0; n < 8; n += 1) {
    const ijk = [n & 1 ? columns - 0.5 : -0.5, n & 2 ? rows - 0.5 : -0.5, n & 4 ? slices - 0.5 : -0.5];
    const at = view.pixelOf(moved(mask.toRas, ijk));
    low = low.map((value, axis) => Math.min(value, at[axis]));
    high = high.map((value, axis) => Math.max(value, at[axis]));
  }
  const [x0, y0] = low.map((value) => Math.max(Math.floor(value) - 1, 0));
  const [x1, y1] = high.map((value) => Math.min(Math.ceil(value) + 2, view.pixels));
  return x1 > x0 && y1 > y0 ? [x0, y0, x1 - x0, y1 - y0] : null;
}

/** The pixels just outside a region on a view, as [x, y] pairs: the line hides nothing of the region. */
function borderOf(mask, view) {
  const part = partOf(mask, view);
  if (part === null) return [];
  const [x0, y0, width, height] = part;
  const values = new Float32Array(width * height);
  sample(mask, view, values, x0, y0, width, height);
  const isIn = (x, y) => x >= 0 && y >= 0 && x < width && y < height && values[y * width + x] >= 0.5;
  const border = [];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (!isIn(x, y) && (isIn(x - 1, y) || isIn(x + 1, y) || isIn(x, y - 1) || isIn(x, y + 1))) {
        border.push([x + x0, y + y0]);
      }
    }
  }
  return border;
}

/** Draw a line along border pixels, two pixels wide, with a halo. */
function paintBorder(pixels, border, size, colors, dashed) {
  const shown = dashed ? border.filter(([x, y]) => Math.floor((x + y) / DASH_PIXELS) % 2 === 0) : border;
  const put = (x, y, color) => {
    if (x >= 0 && y >= 0 && x < size && y < size) pixels.set(color, 4 * (y * size + x));
  };
  for (const [x, y] of shown) {
    for (let n = 0; n < 16; n += 1) put(x - 1 + (n & 3), y - 1 + (n >> 2), colors.halo);
  }
  for (const [x, y] of shown) {
    for (let n = 0; n < 4; n += 1) put(x + (n & 1), y + (n >> 1), colors.line);
  }
}

/** Four lines that point at a position and leave it free. */
function drawCross(context, view, ras, color, dashed) {
  const [x, y] = view.pixelOf(ras).map((value) => value + 0.5);
  const gap = view.pixels * 0.035;
  context.save();
  context.setLineDash(dashed ? [5, 5] : []);
  for (const [width, style] of [[3, "rgba(0,0,0,.55)"], [1.4, color]]) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + dx * gap, y + dy * gap);
      context.lineTo(x + dx * view.pixels, y + dy * view.pixels);
    }
    context.stroke();
  }
  context.restore();
}

/** Letters of the patient at the edges, and a bar of 5 cm. */
function drawLabels(context, view, light) {
  const size = view.pixels;
  const margin = size * 0.02;
  context.font = `600 ${Math.max(Math.round(size * 0.05), 13)}px sans-serif`;
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeStyle = light ? "#fff" : "#000";
  context.fillStyle = light ? "#111820" : "#fff";
  const write = (text, x, y, align, base) => {
    context.textAlign = align;
    context.textBaseline = base;
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  };
  const [left, right, top, bottom] = view.letters;
  write(left, margin, size / 2, "left", "middle");
  write(right, size - margin, size / 2, "right", "middle");
  write(top, size / 2, margin, "center", "top");
  write(bottom, size / 2, size - margin, "center", "bottom");
  const length = SCALE_BAR_MM / view.mmPerPixel;
  context.fillStyle = light ? "#fff" : "#000";
  context.fillRect(margin - 1, size - margin - 5, length + 2, 5);
  context.fillStyle = light ? "#111820" : "#fff";
  context.fillRect(margin, size - margin - 4, length, 3);
  write("5 cm", margin, size - margin - 8, "left", "bottom");
}
