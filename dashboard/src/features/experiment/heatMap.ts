/** Side of a block of the heat map, in pixels. */
export const BLOCK = 8;

/** The scale is fixed, so that maps of different frames and experiments compare. */
export const SCALE_DB = { worst: 20, best: 50 } as const;

const PEAK = 255;

/** Luma of an RGBA picture by ITU-R BT.601's weights. */
function luma(rgba: Uint8ClampedArray, pixel: number): number {
  const at = 4 * pixel;
  return (
    0.299 * (rgba[at] as number) +
    0.587 * (rgba[at + 1] as number) +
    0.114 * (rgba[at + 2] as number)
  );
}

/** PSNR of each block in dB, row by row; identical blocks count as the best of the scale. */
export function blockPsnr(source: ImageData, decoded: ImageData): Float64Array {
  const { width, height } = source;
  const columns = Math.ceil(width / BLOCK);
  const rows = Math.ceil(height / BLOCK);
  const squares = new Float64Array(columns * rows);
  const counts = new Float64Array(columns * rows);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = y * width + x;
      const block = Math.floor(y / BLOCK) * columns + Math.floor(x / BLOCK);
      const error = luma(source.data, pixel) - luma(decoded.data, pixel);
      squares[block] = (squares[block] as number) + error * error;
      counts[block] = (counts[block] as number) + 1;
    }
  }
  return squares.map((sum, block) => {
    const mse = sum / (counts[block] as number);
    return mse === 0 ? SCALE_DB.best : 10 * Math.log10((PEAK * PEAK) / mse);
  });
}

/** Colours a PSNR from red (20 dB and worse) over yellow to blue (50 dB and better). */
export function colourOf(psnr_db: number): [red: number, green: number, blue: number] {
  const { worst, best } = SCALE_DB;
  const share = Math.min(1, Math.max(0, (psnr_db - worst) / (best - worst)));
  return share < 0.5
    ? [215, Math.round(48 + 340 * share), 39]
    : [Math.round(215 - 340 * (share - 0.5)), 218, Math.round(39 + 280 * (share - 0.5))];
}

/** Draws the heat map over a canvas of the frame's size. */
export function paintHeatMap(target: CanvasRenderingContext2D, psnr_db: Float64Array): void {
  const columns = Math.ceil(target.canvas.width / BLOCK);
  psnr_db.forEach((value, block) => {
    target.fillStyle = `rgb(${colourOf(value).join(" ")})`;
    const x = (block % columns) * BLOCK;
    target.fillRect(x, Math.floor(block / columns) * BLOCK, BLOCK, BLOCK);
  });
}
