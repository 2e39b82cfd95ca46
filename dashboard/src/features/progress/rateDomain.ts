/** The least range of the axis in percent points: one dot alone has none, many equal ones no more. */
const LEAST_RANGE = 1;

/**
 * The BD-rates between which progress is drawn, in percent; null where nothing was measured.
 * Zero belongs to them unless it is so far from every dot that it would press them into a line.
 */
export function rateDomain(rates: readonly number[]): [number, number] | null {
  if (!rates.length) {
    return null;
  }
  const [low, high] = [Math.min(...rates), Math.max(...rates)];
  const hasZero = high > 0 ? low < high - low : high - low > -high;
  const [from, to] = hasZero ? [Math.min(0, low), Math.max(0, high)] : [low, high];
  const margin = Math.max(0, LEAST_RANGE - (to - from)) / 2;
  return [from - margin, to + margin];
}
